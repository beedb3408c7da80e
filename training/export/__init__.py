"""From a trained network to an ONNX file, in full precision or eight bits, and back."""
