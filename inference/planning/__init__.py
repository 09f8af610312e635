"""From a question to a plan of model calls, and from their results back to one answer. Text only: no photo comes here."""
