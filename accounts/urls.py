"""Pages of accounts and people. Signing in, second factors and sessions are allauth's, under /accounts/."""

from django.urls import path

from accounts.views import (
    account_settings,
    api_keys,
    audit_trail,
    directories,
    domains,
    home,
    invitations,
    joining,
    mails,
    people,
    profile,
    sso_connections,
    sso_settings,
    sso_sign_in,
    structure,
    webhooks,
)

app_name = "accounts"
SETTINGS = "a/<slug:account_slug>/settings/"
PEOPLE = f"{SETTINGS}people/"
STRUCTURE = f"{SETTINGS}structure/"
KEYS = f"{SETTINGS}api-keys/"
DIRECTORIES = f"{SETTINGS}directories/"
SIGN_IN = f"{SETTINGS}sign-in/"
DOMAINS = f"{SIGN_IN}domains/"
CONNECTIONS = f"{SIGN_IN}connections/"
JOINING = f"{SETTINGS}joining/"
HOOKS = f"{SETTINGS}webhooks/"
HOOK = f"{HOOKS}<str:endpoint_id>/"
DELIVERY = f"{HOOK}deliveries/<str:delivery_id>/"

urlpatterns = [
    path("", home.home, name="home"),
    path("accounts-of-mine/", home.my_accounts, name="my_accounts"),
    path("theme/", home.set_theme, name="set_theme"),
    path("mails/<str:token>/", mails.open_mail, name="open_mail"),
    path("profile/", profile.profile, name="profile"),
    path("invitations/<str:token>/", invitations.accept, name="accept_invitation"),
    path("a/<slug:account_slug>/leave/", people.leave, name="leave"),
    path(SETTINGS, account_settings.account_settings, name="settings"),
    path(PEOPLE, people.people, name="people"),
    path(f"{PEOPLE}invite/", invitations.invite, name="invite"),
    path(f"{PEOPLE}invitations/<str:invitation_id>/resend/", invitations.resend, name="resend_invitation"),
    path(f"{PEOPLE}invitations/<str:invitation_id>/withdraw/", invitations.revoke, name="revoke_invitation"),
    path(f"{PEOPLE}<str:member_id>/", people.person, name="person"),
    path(f"{PEOPLE}<str:member_id>/role/", people.set_role, name="set_role"),
    path(f"{PEOPLE}<str:member_id>/details/", people.set_details, name="set_details"),
    path(f"{PEOPLE}<str:member_id>/remove/", people.remove, name="remove_member"),
    path(STRUCTURE, structure.structure, name="structure"),
    path(f"{STRUCTURE}<str:kind>/", structure.add, name="add_place"),
    path(f"{STRUCTURE}<str:kind>/<str:place_id>/", structure.rename, name="rename_place"),
    path(f"{STRUCTURE}<str:kind>/<str:place_id>/delete/", structure.delete, name="delete_place"),
    path(KEYS, api_keys.api_keys, name="api_keys"),
    path(f"{KEYS}new/", api_keys.issue, name="issue_api_key"),
    path(f"{KEYS}<str:key_id>/rotate/", api_keys.rotate, name="rotate_api_key"),
    path(f"{KEYS}<str:key_id>/revoke/", api_keys.revoke, name="revoke_api_key"),
    path(DIRECTORIES, directories.directories, name="directories"),
    path(f"{DIRECTORIES}new/", directories.connect, name="connect_directory"),
    path(f"{DIRECTORIES}<str:connection_id>/rotate/", directories.rotate, name="rotate_directory"),
    path(f"{DIRECTORIES}<str:connection_id>/disconnect/", directories.disconnect, name="disconnect_directory"),
    path(SIGN_IN, sso_settings.sign_in_settings, name="sign_in_settings"),
    path(f"{DOMAINS}new/", domains.add, name="add_domain"),
    path(f"{DOMAINS}<str:domain_id>/", domains.domain, name="domain"),
    path(f"{DOMAINS}<str:domain_id>/check/", domains.check, name="check_domain"),
    path(f"{DOMAINS}<str:domain_id>/remove/", domains.remove, name="remove_domain"),
    path(f"{CONNECTIONS}oidc/", sso_connections.add_oidc, name="add_oidc"),
    path(f"{CONNECTIONS}saml/", sso_connections.add_saml, name="add_saml"),
    path(f"{CONNECTIONS}<str:sso_id>/", sso_connections.connection, name="sso_connection"),
    path(f"{CONNECTIONS}<str:sso_id>/change/", sso_connections.change, name="change_sso"),
    path(f"{CONNECTIONS}<str:sso_id>/switch/", sso_connections.switch, name="switch_sso"),
    path(f"{CONNECTIONS}<str:sso_id>/delete/", sso_connections.delete, name="delete_sso"),
    path(JOINING, joining.join_requests, name="join_requests"),
    path(f"{JOINING}<str:join_id>/approve/", joining.approve, name="approve_join"),
    path(f"{JOINING}<str:join_id>/refuse/", joining.refuse, name="refuse_join"),
    path("sso/", sso_sign_in.single_sign_on, name="single_sign_on"),
    path("sso/<str:sso_id>/start/", sso_sign_in.start, name="sso_start"),
    path("sso/<str:sso_id>/acs/", sso_sign_in.saml_acs, name="saml_acs"),
    path("sso/<str:sso_id>/finish/", sso_sign_in.saml_finish, name="saml_finish"),
    path("sso/<str:sso_id>/metadata/", sso_sign_in.saml_metadata, name="saml_metadata"),
    path("sso/<str:sso_id>/callback/", sso_sign_in.callback, name="sso_callback"),
    path(HOOKS, webhooks.webhooks, name="webhooks"),
    path(f"{HOOKS}new/", webhooks.add, name="add_webhook"),
    path(HOOK, webhooks.webhook, name="webhook"),
    path(f"{HOOK}change/", webhooks.change, name="change_webhook"),
    path(f"{HOOK}switch/", webhooks.switch, name="switch_webhook"),
    path(f"{HOOK}test/", webhooks.test, name="test_webhook"),
    path(f"{HOOK}replay/", webhooks.replay_all, name="replay_missed_webhooks"),
    path(f"{HOOK}secret/", webhooks.rotate, name="rotate_webhook"),
    path(f"{HOOK}delete/", webhooks.delete, name="delete_webhook"),
    path(DELIVERY, webhooks.delivery, name="webhook_delivery"),
    path(f"{DELIVERY}replay/", webhooks.replay, name="replay_webhook"),
    path(f"{SETTINGS}audit/", audit_trail.audit_trail, name="audit_trail"),
    path(f"{SETTINGS}audit.csv", audit_trail.audit_csv, name="audit_csv"),
]
