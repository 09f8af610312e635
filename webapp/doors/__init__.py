"""The doors that other programs expect, at addresses of their own: OpenAI's chat completions, and tools over MCP.

Each translates its protocol into what the page does too: the same intake of photos, the same limits, the same turns.
docs/clients.md is for the people who use them.
"""
