"""Addresses of the seat pages."""

from django.urls import path

from seats.views import (
    add_seats,
    assign,
    behind,
    bulk,
    change_plan,
    drop_seats,
    ledger,
    my_page,
    overview,
    person,
    policy,
    purchase,
    reassign,
    release,
    requests,
    seat_list,
    true_ups,
    usage,
)

app_name = "seats"
ACCOUNT = "a/<slug:account_slug>/"
SEATS = f"{ACCOUNT}seats/"
REQUEST = f"{ACCOUNT}request/"
LEDGER = f"{ACCOUNT}ledger/"

urlpatterns = [
    path(ACCOUNT, overview.overview, name="overview"),
    path(SEATS, seat_list.seat_list, name="list"),
    path(f"{ACCOUNT}seats.csv", seat_list.seat_csv, name="csv"),
    path(f"{SEATS}assign/", assign.assign, name="assign"),
    path(f"{SEATS}receivers/", assign.receivers, name="receivers"),
    path(f"{SEATS}add/", add_seats.add_seats, name="add"),
    path(f"{SEATS}pay/", add_seats.pay, name="pay"),
    path(f"{SEATS}purchases/<str:change_id>/", purchase.purchase, name="purchase"),
    path(f"{SEATS}purchases/<str:change_id>/pay/", purchase.pay_again, name="purchase_pay"),
    path(f"{SEATS}purchases/<str:change_id>/stop/", purchase.stop, name="purchase_stop"),
    path(f"{SEATS}purchases/<str:change_id>/undo/", purchase.undo, name="purchase_undo"),
    path(f"{ACCOUNT}plan/change/", change_plan.change_plan, name="change_plan"),
    path(f"{ACCOUNT}plan/change/pay/", change_plan.pay_plan, name="change_plan_pay"),
    path(f"{SEATS}reduce/", drop_seats.reduce_seats, name="reduce"),
    path(f"{SEATS}keep/", drop_seats.keep_seats, name="keep"),
    path(f"{SEATS}true-up/", true_ups.true_ups, name="true_ups"),
    path(f"{SEATS}true-up/<str:true_up_id>/", true_ups.true_up, name="true_up"),
    path(f"{SEATS}true-up/<str:true_up_id>/decide/", true_ups.decide, name="true_up_decide"),
    path(f"{SEATS}true-up/<str:true_up_id>/evidence.json", true_ups.evidence, {"kind": "json"}, name="true_up_json"),
    path(f"{SEATS}true-up/<str:true_up_id>/evidence.csv", true_ups.evidence, {"kind": "csv"}, name="true_up_csv"),
    path(f"{SEATS}idle-credits/<str:credit_id>/", true_ups.idle_credit, name="idle_credit"),
    path(f"{SEATS}bulk/", bulk.bulk, name="bulk"),
    path(f"{SEATS}bulk/effect/", bulk.bulk_effect, name="bulk_effect"),
    path(f"{SEATS}people/<str:member_id>/", person.person, name="person"),
    path(f"{SEATS}people/<str:member_id>/wait/", assign.wait, name="wait"),
    path(f"{SEATS}people/<str:member_id>/stop-waiting/", assign.stop_waiting, name="stop_waiting"),
    path(
        f"{SEATS}invitations/<str:invitation_id>/withdraw/",
        release.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path(f"{SEATS}invitations/<str:invitation_id>/resend/", release.resend, name="resend_invitation"),
    path(f"{SEATS}<str:seat_id>/reassign/", reassign.reassign, name="reassign"),
    path(f"{SEATS}<str:seat_id>/release/", release.release, name="release"),
    path(f"{SEATS}<str:seat_id>/undo/", release.undo, name="undo"),
    path(f"{ACCOUNT}requests/", requests.requests, name="requests"),
    path(f"{ACCOUNT}requests/<str:request_id>/", requests.decide, name="decide"),
    path(REQUEST, requests.ask, name="request"),
    path(f"{REQUEST}<str:request_id>/withdraw/", requests.withdraw, name="withdraw_request"),
    path(f"{REQUEST}<str:request_id>/remind/", requests.remind_of, name="remind"),
    path(f"{ACCOUNT}me/", my_page.my_page, name="me"),
    path(f"{ACCOUNT}settings/limit/", policy.policy, name="policy"),
    path(f"{ACCOUNT}invoices/<str:invoice_id>/lines/<int:position>/", behind.line, name="line"),
    path(f"{ACCOUNT}invoices/<str:invoice_id>/lines/<int:position>.csv", behind.line_csv, name="line_csv"),
    path(f"{SEATS}people/<str:member_id>/cost/", behind.cost, name="cost"),
    path(f"{SEATS}people/<str:member_id>/cost.csv", behind.cost_csv, name="cost_csv"),
    path(LEDGER, ledger.ledger, name="ledger"),
    path(f"{ACCOUNT}ledger.csv", ledger.ledger_csv, name="ledger_csv"),
    path(f"{LEDGER}<str:entry_id>/", ledger.ledger_entry, name="ledger_entry"),
    path(f"{ACCOUNT}usage/", usage.usage, name="usage"),
]
