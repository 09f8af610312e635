"""Questions about photos: the kind of answer each asks for, the answers that are possible, and the label tree. No torch."""
