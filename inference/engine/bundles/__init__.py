"""A profile's networks as ONNX files, with everything else that a node needs to answer with them."""
