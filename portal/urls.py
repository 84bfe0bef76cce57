"""The doors for people; those for machines are in portal.machines."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from portal import brand
from portal.factors import SecondStep, whole
from tokens.views import (
    activity,
    catalog,
    companies,
    entitlements,
    events,
    factors,
    files,
    instructions,
    inventory,
    mails,
    people,
    profile,
    revocations,
    tokens,
)

# A repository, perhaps with a host and port, or a prefix and /*: as it is, with its slashes.
PATTERN = "(?P<pattern>[!-~]+)"

second_factors = [
    path("", whole(mfa.index), name="mfa_index"),
    path("authenticate/", whole(SecondStep.as_view()), name="mfa_authenticate"),
    path("reauthenticate/", whole(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("totp/activate/", whole(totp.activate_totp), name="mfa_activate_totp"),
    path("totp/deactivate/", whole(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path(
        "recovery-codes/",
        whole(recovery_codes.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "recovery-codes/generate/",
        whole(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    # allauth sends people there after a change; the overview lists them.
    path("webauthn/", RedirectView.as_view(pattern_name="mfa_index"), name="mfa_list_webauthn"),
    path("webauthn/add/", whole(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path(
        "webauthn/reauthenticate/",
        whole(webauthn.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "webauthn/keys/<int:pk>/remove/",
        whole(webauthn.remove_webauthn),
        name="mfa_remove_webauthn",
    ),
    path(
        "webauthn/keys/<int:pk>/edit/",
        whole(webauthn.edit_webauthn),
        name="mfa_edit_webauthn",
    ),
]
accounts = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    # allauth's pages link to it; it says that people come by invitation.
    path("signup/", account.signup, name="account_signup"),
    path("confirm-email/", account.email_verification_sent, name="account_email_verification_sent"),
    # allauth sends people there after confirming an address; theirs is that of the invitation.
    path("email/", RedirectView.as_view(pattern_name="tokens"), name="account_email"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("2fa/", include(second_factors)),
    path("sessions/end/", factors.sign_out_everywhere, name="sign_out_everywhere"),
]

urlpatterns = [
    path("brand/style.css", brand.style, name="brand_style"),
    path("brand/logo", brand.logo, name="brand_logo"),
    path("", RedirectView.as_view(pattern_name="tokens"), name="home"),
    path("tokens/", tokens.index, name="tokens"),
    path("tokens/request/", tokens.request_token, name="request_token"),
    path("tokens/revoke/", revocations.ticked, name="revoke_tokens"),
    path("tokens/<slug:username>/", tokens.show, name="token"),
    path("tokens/<slug:username>/activity/", activity.index, name="token_activity"),
    path("tokens/<slug:username>/first-log-in/", activity.first_log_in, name="first_log_in"),
    path("tokens/<slug:username>/files/<str:name>", files.show, name="secret_file"),
    path("tokens/<slug:username>/describe/", tokens.describe, name="describe_token"),
    path("tokens/<slug:username>/revoke/", tokens.revoke, name="revoke_token"),
    path("tokens/<slug:username>/suspend/", tokens.suspend, name="suspend_token"),
    path("tokens/<slug:username>/resume/", tokens.resume, name="resume_token"),
    path("images/", catalog.index, name="images"),
    path("audit/", events.index, name="audit"),
    path("audit/events.csv", events.csv_file, name="events_csv"),
    path("audit/events.jsonl", events.jsonl_file, name="events_jsonl"),
    path("audit/tokens/", inventory.index, name="inventory"),
    path("audit/tokens/review/", inventory.review, name="review_inventory"),
    path("audit/tokens.csv", inventory.csv_file, name="inventory_csv"),
    path("people/", people.index, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/invitations/<uuid:public_id>/renew/", people.renew, name="renew_invitation"),
    path(
        "people/invitations/<uuid:public_id>/withdraw/", people.withdraw, name="withdraw_invitation"
    ),
    path("people/<uuid:public_id>/", people.show, name="person"),
    path("people/<uuid:public_id>/role/", people.change_role, name="change_role"),
    path("people/<uuid:public_id>/deactivate/", people.deactivate, name="deactivate_person"),
    path("people/<uuid:public_id>/tokens/", people.settle, name="settle_tokens"),
    path("people/<uuid:public_id>/reactivate/", people.reactivate, name="reactivate_person"),
    path("instructions/", instructions.index, name="instructions"),
    path("account/", profile.show, name="account"),
    path("account/mails/", mails.choices, name="mail_choices"),
    path("messages/", mails.index, name="messages"),
    path("messages/retry/", mails.try_again, name="retry_messages"),
    path("companies/", companies.index, name="companies"),
    # No slug has an underscore.
    path("companies/_add/", companies.add, name="add_company"),
    path("companies/<slug:slug>/", companies.show, name="company"),
    path("companies/<slug:slug>/suspend/", companies.suspend, name="suspend_company"),
    path("companies/<slug:slug>/resume/", companies.resume, name="resume_company"),
    path("companies/<slug:slug>/revoke/", revocations.of_company, name="revoke_company"),
    path(
        "companies/<slug:slug>/people/<uuid:person>/revoke/",
        revocations.of_person,
        name="revoke_person",
    ),
    path("companies/<slug:slug>/entitlements/", entitlements.add, name="add_entitlement"),
    re_path(
        rf"^companies/(?P<slug>[-\w]+)/entitlements/{PATTERN}/$",
        entitlements.change_end,
        name="change_entitlement",
    ),
    re_path(
        rf"^companies/(?P<slug>[-\w]+)/ended/{PATTERN}/$",
        entitlements.end,
        name="end_entitlement",
    ),
    path("account/policy/", factors.policy, name="company_policy"),
    path("people/<uuid:public_id>/reset-factor/", factors.reset, name="reset_factor"),
    path("language/", profile.choose_language, name="language"),
    path("join/<str:key>/", people.join, name="join"),
    path("accounts/", include(accounts)),
]

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.not_allowed"
handler500 = "portal.errors.server_error"
