"""What a task's last part gives back."""

from dataclasses import dataclass

NOTHING = "no answer"  # what is said when the model ends before its first word


@dataclass(frozen=True)
class Answer:
    """`confidence` is calibrated: of the answers given at 0.8, about 80 % are right, as far as the card's data goes."""

    text: str
    confidence: float  # 0…1
    sure: bool  # confidence reaches the card's bound
    top: list[tuple[str, float]]  # best first


@dataclass(frozen=True)
class Calibration:
    """From the card: logits are divided by `temperature`; below `unsure_below` an answer is shown as not sure."""

    temperature: float = 1.0
    unsure_below: float = 0.5
