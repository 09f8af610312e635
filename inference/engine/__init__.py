"""The models and what goes over the link. No Django here; `catalogue`, `codec`, `wire` and `photo_codec` do without torch."""
