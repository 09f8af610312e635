"""Addresses below /federation/."""

from django.urls import path

from federation import views

app_name = "federation"
urlpatterns = [
    path("", views.runs_page, name="page"),
    path("new/", views.new, name="new"),
    path("compare/", views.compare, name="compare"),
    path("<int:number>/", views.run_page, name="run"),
    path("<int:number>/rounds.csv", views.rounds_csv, name="rounds_csv"),
    path("<int:number>/clients.csv", views.clients_csv, name="clients_csv"),
    path("<int:number>/run.json", views.run_json, name="run_json"),
    path("<int:number>/model.safetensors", views.model, name="model"),
    path("<int:number>/card.md", views.card, name="card"),
    path("<int:number>/code.zip", views.code, name="code"),
]
