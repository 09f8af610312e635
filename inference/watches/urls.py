"""Addresses below /watches/."""

from django.urls import path

from inference.watches import views

app_name = "watches"
urlpatterns = [
    path("", views.page, name="page"),
    path("new/", views.new, name="new"),
    path("<int:watch>/", views.edit, name="edit"),
]
