"""Mutations of bytes: accidents in transit, and what an attacker may try."""

from hypothesis import strategies as st

Mutation = tuple[str, float, bytes]
KINDS = ("flip", "cut", "extend", "insert", "remove", "overwrite", "repeat")


def mutations(longest: int = 8) -> st.SearchStrategy[list[Mutation]]:
    mutation = st.tuples(st.sampled_from(KINDS), st.floats(0, 1), st.binary(min_size=1, max_size=16))
    return st.lists(mutation, min_size=1, max_size=longest)


def mutate(data: bytes, changes: list[Mutation]) -> bytes:
    for kind, where, extra in changes:
        at = int(where * len(data))
        changed = {
            "flip": data[:at] + bytes(byte ^ (extra[0] or 1) for byte in data[at : at + 1]) + data[at + 1 :],
            "cut": data[:at],
            "extend": data + extra,
            "insert": data[:at] + extra + data[at:],
            "remove": data[:at] + data[at + len(extra) :],
            "overwrite": data[:at] + extra + data[at + len(extra) :],
            "repeat": data[:at] + data[at : at + 64] + data[at:],
        }
        data = changed[kind]
    return data
