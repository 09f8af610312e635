"""Tools for assistants, over the Model Context Protocol (streamable HTTP, without sessions).

A new tool is one file with its value and one line in TOOLS of catalogue.py.
"""
