"""Addresses of the page about notifications, and of the installable app."""

from django.urls import path

from webapp.ops.notifications.pages import account, app

urlpatterns = [
    path("account/notifications/", account.page, name="notifications"),
    path("account/notifications/rules/", account.save_rules, name="save_notification_rules"),
    path("account/notifications/hours/", account.save_hours, name="save_quiet_hours"),
    path("account/notifications/test/<str:name>/", account.send_test, name="send_test_notification"),
    path("account/notifications/browsers/", account.subscribe, name="subscribe_browser"),
    path("account/notifications/browsers/forget/", account.unsubscribe, name="unsubscribe_browser"),
    path("account/notifications/browsers/<int:pk>/remove/", account.remove_browser, name="remove_browser"),
    path("service-worker.js", app.service_worker, name="service_worker"),
    path("offline/", app.offline, name="offline"),
]
