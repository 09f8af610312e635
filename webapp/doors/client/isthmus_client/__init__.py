"""Ask an Isthmus server about photos.

with Client("https://ask.example.org", "isthmus_…") as isthmus:
    print(isthmus.ask("dog.jpg", "What is the dog doing?").text)
"""

from isthmus_client.answers import Answer, Device, Receipt
from isthmus_client.client import Client
from isthmus_client.errors import IsthmusError

VERSION = "0.1.0"
__all__ = ["VERSION", "Answer", "Client", "Device", "IsthmusError", "Receipt"]
