"""Expected failures of training, in words for a person."""


class RunError(Exception):
    """`code` is for programs, the text is one sentence, `remedy` what to do next."""

    def __init__(self, code: str, sentence: str, remedy: str) -> None:
        super().__init__(sentence)
        self.code, self.remedy = code, remedy


class DataMissing(RunError):
    """The data set is not on this machine, or not as its authors published it."""

    def __init__(self, sentence: str) -> None:
        super().__init__("no_data", sentence, "Choose the digits, which are always available, or fetch the data.")


class CannotSplit(RunError):
    """The Dirichlet draw leaves clients without examples."""

    def __init__(self, alpha: float, clients: int) -> None:
        super().__init__(
            "cannot_split",
            f"The examples cannot be split so unevenly (alpha {alpha:g}) over {clients} clients: some would have almost none.",
            "Choose a larger alpha, fewer clients, or another seed.",
        )


class Refused(Exception):
    """A client refuses a request that could reveal its update, or a sum cannot be recovered; the text is one sentence."""
