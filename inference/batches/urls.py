"""Addresses below /batches/."""

from django.urls import path

from inference.batches import views

app_name = "batches"
urlpatterns = [
    path("", views.batches, name="page"),
    path("<uuid:batch>/", views.batch, name="batch"),
]
