"""Put before code that runs in a process of its own: there, the agent's core is installed and nothing else.

Not an import that fails but a package that is absent: `find_spec` answers None for it too.
"""

LIGHT_BOARD = """
import sys
from importlib.machinery import PathFinder

SERVER = {"django", "channels", "ninja", "webapp"}
EXTRAS = {"torch", "transformers", "flwr", "flwr_datasets", "onnxruntime", "rapidocr", "cv2", "tokenizers", "safetensors",
          "sklearn", "scipy", "pillow_heif", "huggingface_hub", "tensorrt"}

class Light(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in SERVER | EXTRAS else super().find_spec(name, path, target)

sys.meta_path[:] = [Light if finder is PathFinder else finder for finder in sys.meta_path]
"""
