"""Addresses below /library/."""

from django.urls import path

from webapp.library import views

app_name = "library"
urlpatterns = [path("", views.page, name="page")]
