"""The program on a node. It imports no Django: a board needs neither the server's code nor its packages."""

VERSION = "0.2.0"
