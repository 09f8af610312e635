"""OpenAI's chat completions: any program that speaks them can ask about photos. No tokens are generated one by one here, so a
stream brings keep-alive comments first and then the whole answer."""
