"""Words that hold English questions together, as patterns."""

AUX = r"(?:is|am|are|was|were|does|do|did|has|have|had|can|could|will|would|should|may|might)"
PRONOUN = r"it|this|that|these|those|they|he|she|we|i|you|there|them|him|her|anything|something|anyone|anybody|someone|somebody|nothing|one"
DETERMINER = r"(?:the|an?|any|this|that|these|those|my|his|her|its|their|your|our|each|all the|both)"
PHOTO = r"(?:photo|photograph|picture|image|pic|scene|shot)"
HERE = (
    rf"(?: (?:in|on|of|at) (?:the|this|that|my) {PHOTO}| (?:in|on) (?:it|here|there|this|that)(?: one)?| here| there| anywhere| visible"
    r"| present| shown| at all| somewhere)*"
)
