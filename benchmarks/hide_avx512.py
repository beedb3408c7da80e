"""Times what ONNX Runtime would take on a CPU without AVX-512 and VNNI, on one that has them. Runs inside gdb (Linux):

    gdb -q -batch -x benchmarks/hide_avx512.py --args python benchmarks/int8.py --int8 model-int8.onnx --val others/

ONNX Runtime asks the processor once, when it is loaded, what it can do. Here every answer is stopped at and these
instructions are struck out; after that everything runs at full speed, with the kernels for AVX2.
"""

import re
import subprocess

import gdb  # pyright: ignore[reportMissingImports] - exists inside gdb only

LIBRARY = "onnxruntime_pybind11_state"
FEATURES = 7
"""The question, of `cpuid`, whose answers hold AVX-512 and VNNI (Intel SDM, volume 2A, CPUID)."""
AVX512_IN_EBX = 0xF0230000
AVX512_IN_ECX = 0x5842
AVX_VNNI_IN_EAX = 0x30
"""Bits of the second answer to the same question."""


class Question(gdb.Breakpoint):
    """Stops at a `cpuid` that asks for these features."""

    def stop(self) -> bool:
        """Return whether this is the question."""
        return int(gdb.parse_and_eval("$eax")) == FEATURES


def watch(event: gdb.NewObjFileEvent) -> None:
    """Put a breakpoint at every `cpuid` of the library, as soon as that is loaded."""
    path = event.new_objfile.filename or ""
    if LIBRARY not in path:
        return
    gdb.events.new_objfile.disconnect(watch)
    mappings = gdb.execute("info proc mappings", to_string=True).splitlines()
    base = int(next(line for line in mappings if LIBRARY in line).split()[0], 16)
    listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True)
    for offset in re.findall(r"^\s*([0-9a-f]+):\tcpuid", listing.stdout, re.MULTILINE):
        Question(f"*{base + int(offset, 16):#x}")


def main() -> None:
    """Run the program and change every answer."""
    for setting in ("pagination off", "confirm off", "breakpoint pending on"):
        gdb.execute(f"set {setting}")
    gdb.events.new_objfile.connect(watch)
    gdb.execute("run", to_string=True)
    changed = 0
    while gdb.selected_inferior().pid:
        second = int(gdb.parse_and_eval("$ecx")) & 0xFFFFFFFF
        gdb.execute("stepi", to_string=True)
        if second == 0:
            gdb.execute(f"set $rbx = $rbx & ~{AVX512_IN_EBX:#x}")
            gdb.execute(f"set $rcx = $rcx & ~{AVX512_IN_ECX:#x}")
        else:
            gdb.execute(f"set $rax = $rax & ~{AVX_VNNI_IN_EAX:#x}")
        changed += 1
        gdb.execute("continue", to_string=True)
    print(f"{changed} answers changed")


main()
