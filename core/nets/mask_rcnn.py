"""Mask R-CNN as paper 000 uses it: from a box to a foreground mask, whatever the object is (section 4.4).

The region proposals are left out, because a person draws the box; the classes are left out, because the masks of all
classes are averaged, each weighted by how likely the box holds that class.
"""

from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torchvision.models import get_weight
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.models.detection.mask_rcnn import MaskRCNNPredictor
from torchvision.ops import FrozenBatchNorm2d, roi_align

from inpaint.core.errors import RecipeError

COCO_CLASSES = 91
LEVEL, STRIDE = "2", 16
"""The level of the feature pyramid for boxes of 224 to 448 pixels, which the crop brings every box to."""
SIDE, SHARE = 512, 0.7
"""Side of the crop in pixels, and how much of it the longer side of the box takes."""
MASK = 28
"""Side in pixels of the mask, which covers the box."""


class BoxToMask(nn.Module):
    """Mask R-CNN's backbone and heads, asked about one given box per picture."""

    def __init__(
        self, weights: Literal["coco", "none"] = "none", classes: int = COCO_CLASSES, *, restored: bool = False
    ) -> None:
        """Build it. classes: 2 = background and object, with new heads.

        weights: "coco" downloads torchvision's, and freezes what torchvision freezes when they are trained further:
        all norms and the first two stages. restored: build the same without the download; a checkpoint's follow.

        Raises `RecipeError` when the weights cannot be downloaded.
        """
        super().__init__()
        coco = weights == "coco"
        # Torchvision's own builder chooses so only where it downloads. These weights were made without an epsilon.
        norm = partial(FrozenBatchNorm2d, eps=0.0) if coco else nn.BatchNorm2d
        backbone = resnet_fpn_backbone(
            backbone_name="resnet50", weights=None, norm_layer=norm, trainable_layers=3 if coco else 5
        )
        model = MaskRCNN(backbone, COCO_CLASSES)
        if coco and not restored:
            try:
                enum = get_weight("MaskRCNN_ResNet50_FPN_Weights.COCO_V1")
                model.load_state_dict(enum.get_state_dict(progress=False, check_hash=True, weights_only=True))
            except OSError as error:
                raise RecipeError(
                    f"The COCO weights of Mask R-CNN could not be downloaded ({error}); go online once, or choose "
                    'network="small".'
                ) from error
        if classes != COCO_CLASSES:
            model.roi_heads.box_predictor = FastRCNNPredictor(1024, classes)
            model.roi_heads.mask_predictor = MaskRCNNPredictor(256, 256, classes)
        self.backbone = model.backbone
        heads: Any = model.roi_heads
        self.box_head: nn.Module = heads.box_head
        self.box_predictor: nn.Module = heads.box_predictor
        self.mask_head: nn.Module = heads.mask_head
        self.mask_predictor: nn.Module = heads.mask_predictor
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, image: Tensor, box: Tensor) -> Tensor:
        """Return N x 1 x MASK x MASK logits over the box: above 0 = object.

        image: N x 3 x SIDE x SIDE in [-1, 1]. box: N x 4, left, top, right and bottom in pixels.
        """
        x = ((image + 1) / 2 - self.get_buffer("mean")) / self.get_buffer("std")
        features = self.backbone(x)[LEVEL]
        number = torch.arange(box.shape[0], device=box.device, dtype=box.dtype)[:, None]
        regions = torch.cat([number, box], dim=1)
        seen, finer = (roi_align(features, regions, side, 1 / STRIDE, 2) for side in (7, 14))
        scores, _ = self.box_predictor(self.box_head(seen))
        # Without the background's: the person says that there is an object.
        likely = scores[:, 1:].softmax(dim=1)[:, :, None, None]
        masks = self.mask_predictor(self.mask_head(finer))[:, 1:].sigmoid()
        mask = (likely * masks).sum(dim=1, keepdim=True).float().clamp(1e-4, 1 - 1e-4)
        return torch.log(mask / (1 - mask))
