"""What the makers of free photo software ask of a model before they ship it, as one table.

The rows are those of darktable's AI model policy of 2026: licence of the weights, its class after the Open Source AI
Definition and the Model Openness Framework, licences and provenance of the training data, training code, known limits,
paper, inference, scope and reproducibility. A table says what its maker says; who ships a model checks it.
"""

from dataclasses import dataclass

from inpaint.training.publishing.data_licences import CREDITS, DataLicences
from inpaint.training.recipe import Recipe, recipe_digest

BACKBONES = {"alex": "AlexNet", "squeeze": "SqueezeNet 1.1", "vgg": "VGG-16", "vgg19": "VGG-19"}
PAPERS = {
    "btgmi": "Image Inpainting using Block-wise Procedural Training with Annealed Adversarial Counterpart (2018)",
    "joint": "Image Inpainting using Block-wise Procedural Training with Annealed Adversarial Counterpart (2018)",
    "gated": "Learning to Inpaint by Progressively Growing the Mask Regions (2019)",
    "context-encoder": "Context Encoders: Feature Learning by Inpainting (2016)",
    "free-form": "Free-Form Image Inpainting with Gated Convolution (2018)",
}
LIMIT = "Every fill is made up, so not for evidence, identification, medical or scientific pictures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """What the table is made of."""

    licence: str
    """Of the weights."""
    recipe: Recipe
    data: DataLicences
    origin: dict[str, str | None]
    """What the run directory remembers of where things came from."""
    limits: tuple[str, ...] = ()
    """What the model cannot do, as its maker found."""

    def rows(self) -> list[tuple[str, str]]:
        """Return the table, property by property."""
        free = self.data.data_class == "free" and not self.origin.get("start_from") and not self.origin.get("shapes")
        family = self.recipe.generator.family
        return [
            ("Model licence", self.licence),
            ("OSAID v1.0", "Open Source AI" if free else "Open Weights"),
            ("MOF", "Class II (Open Tooling)" if free else "Class III (Open Model)"),
            ("Training data licence", _counted(self.data.counts("licence"))),
            ("Training data provenance", self._provenance()),
            ("Training code", "Apache-2.0, `inpaint train` of the package inpaint with [recipe.toml](recipe.toml)"),
            ("Known limitations", "; ".join([*self.limits, LIMIT, *self._reservations()])),
            ("Published research", PAPERS[family]),
            ("Inference", "Local only: ONNX Runtime on the user's machine, no network"),
            ("Scope", "Photo editing: fills holes that a user has marked, and changes nothing outside them"),
            ("Reproducibility", self._reproducibility()),
        ]

    def table(self) -> str:
        """Write the table as Markdown."""
        lines = [f"| {name} | {text.replace('|', '/')} |" for name, text in self.rows()]
        return "\n".join(["| property | |", "|---|---|", *lines])

    def _provenance(self) -> str:
        sources = self.data.counts("source")
        count = f"{len(self.data.rows)} photographs"
        of = f" from {len(sources)} sources ({_counted(sources[:5])}{', and others' if len(sources) > 5 else ''})"
        authors = len(self.data.counts("author"))
        named = f"; {authors} authors are named" if authors else ""
        return f"{count}{of if sources else ''}{named}; each is listed in [{CREDITS}]({CREDITS})"

    def _reservations(self) -> list[str]:
        """Say what cannot be checked, or is not free."""
        said = []
        if self.data.unfree:
            said.append(f"not free: training photographs under {', '.join(self.data.unfree)}")
        if not self.data.compared:
            said.append("the list of photographs was not compared with those that were trained on")
        seen = {config.backbone for config in self.recipe.objectives.values() if config.ppl}
        seen |= {"vgg19" for config in self.recipe.objectives.values() if config.vgg}
        if seen:
            names = ", ".join(BACKBONES[name] for name in sorted(seen))
            said.append(
                f"a loss compares features of {names}, trained on ImageNet, whose photographs are for research only; "
                "its weights are not part of this model"
            )
        if self.origin.get("start_from"):
            said.append("the first weights are those of another model, whose training data are not in this table")
        if self.origin.get("shapes"):
            said.append("outlines of some holes are from label maps, which are not in this table")
        return said

    def _reproducibility(self) -> str:
        return (
            f"Recipe `{recipe_digest(self.recipe)}`, seed {self.recipe.seed}: order, crops and holes depend on nothing "
            "else; bit for bit on one machine with the same versions, close elsewhere"
        )


def _counted(counts: list[tuple[str, int]]) -> str:
    return ", ".join(f"{name} ({number})" for name, number in counts)
