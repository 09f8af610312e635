"""Addresses of the pages about people."""

from django.urls import path

from webapp.accounts.lockout import in_turn
from webapp.accounts.pages import account, audit, login, password, people, setup, two_factor

urlpatterns = [
    path("setup/", setup.setup, name="setup"),
    path("invitation/<str:secret>/", setup.invitation, name="invitation"),
    path("login/", in_turn(login.PasswordStep.as_view()), name="login"),
    path("login/code/", login.CodeStep.as_view(), name="login_code"),
    path("logout/", login.Logout.as_view(), name="logout"),
    path("password/forgotten/", password.ForgottenPassword.as_view(), name="forgotten_password"),
    path("password/forgotten/sent/", password.reset_link_sent, name="reset_link_sent"),
    path("password/<str:uidb64>/<str:token>/", password.ResetPassword.as_view(), name="reset_password"),
    path("account/", account.account, name="account"),
    path("account/email/", account.change_email, name="change_email"),
    path("account/language/", account.change_language, name="change_language"),
    path("account/password/", password.ChangePassword.as_view(), name="change_password"),
    path("account/two-factor/", two_factor.two_factor, name="two_factor"),
    path("account/two-factor/codes/", two_factor.new_codes, name="recovery_codes"),
    path("account/two-factor/off/", two_factor.turn_off, name="two_factor_off"),
    path("account/sessions/<int:pk>/end/", account.end_session, name="end_session"),
    path("account/sessions/end/", account.end_other_sessions, name="end_other_sessions"),
    path("account/tokens/<int:pk>/revoke/", account.revoke_token, name="revoke_token"),
    path("people/", people.people_page, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/policy/", people.change_policy, name="login_policy"),
    path("people/invitations/<int:pk>/revoke/", people.revoke_invitation, name="revoke_invitation"),
    path("people/<int:pk>/", people.person_page, name="person"),
    path("people/<int:pk>/change/", people.change_person, name="change_person"),
    path("people/<int:pk>/deactivate/", people.deactivate, name="deactivate_person"),
    path("people/<int:pk>/reactivate/", people.reactivate, name="reactivate_person"),
    path("people/<int:pk>/sessions/end/", people.end_sessions, name="end_sessions_of"),
    path("people/<int:pk>/two-factor/off/", people.remove_second_factor, name="remove_second_factor"),
    path("people/<int:pk>/reset-link/", people.reset_link, name="reset_link"),
    path("audit/", audit.audit_page, name="audit"),
    path("audit/audit.csv", audit.audit_csv, name="audit_csv"),
]
