"""Places in the walk over doors (test_doors.py): every page and endpoint that takes a POST, PUT or PATCH has one.

It fills a seat, buys, asks Stripe for less than that, does something without a seat, or does nothing when the walk asks
it. A new page or endpoint fails the walk until it has a place here; one that does nothing may first need a value in
`doors.forms` or `doors.bodies`.
"""

A = "a/<slug:account_slug>/"
V1 = "api/v1/"
Door = tuple[str, str]


def _posts(prefix: str, *paths: str, method: str = "POST") -> set[Door]:
    return {(method, prefix + path) for path in paths}


_REFUSES: frozenset[str] = frozenset()
_WAITS, _COMES_BACK = frozenset({"seat.waiting"}), frozenset({"seat.waiting", "member.resumed"})
_IMPORTS = frozenset({"seat.waiting", "invitation.made"})
# What the trail says when such a door is asked with no seat free: nothing, since it refuses and nothing happens, or
# that somebody waits.
FILLS: dict[Door, frozenset[str]] = {
    **dict.fromkeys(
        _posts(
            A,
            "requests/<str:request_id>/",
            "seats/<str:seat_id>/undo/",
            "seats/assign/",
            "seats/bulk/",
            "seats/bulk/undo/",
            "seats/bulk/undo/last/",
            "seats/reclaim/<str:freed_id>/undo/",
        )
        | _posts(V1, "assignments", "bulk/reopen-invitations", "requests/<str:request_id>/decide"),
        _REFUSES,
    ),
    **dict.fromkeys(
        _posts(A, "seats/invitations/<str:invitation_id>/wait/", "seats/people/<str:member_id>/wait/"), _WAITS
    ),
    **dict.fromkeys(
        _posts(A, "seats/people/<str:member_id>/resume/") | _posts(V1, "members/<str:member_id>/resume"), _COMES_BACK
    ),
    **dict.fromkeys(
        _posts(A, "people/import/<str:people_import_id>/apply/") | _posts(V1, "members/import"),
        _IMPORTS | {"people.imported"},
    ),
    ("POST", A + "people/import/<str:people_import_id>/resume/"): _IMPORTS | {"people.import_resumed"},
}

# With a card that pays: seats more, and how many of them are given at once. Walked in test_doors_that_pay.py.
BUYS: dict[Door, tuple[int, int]] = {
    ("POST", A + "plan/change/pay/"): (1, 0),
    ("POST", A + "request/purchases/<str:asked_id>/"): (1, 0),
    ("POST", A + "rollout/tranches/<str:tranche_id>/release/"): (10, 0),
    ("POST", A + "rollout/tranches/<str:tranche_id>/retry/"): (10, 0),
    ("POST", A + "seats/pay/"): (1, 1),
    ("POST", A + "seats/purchases/<str:change_id>/pay/"): (1, 1),
    ("POST", A + "seats/true-up/<str:true_up_id>/decide/"): (1, 0),
    ("POST", V1 + "orders"): (1, 1),
    ("POST", V1 + "requests/<str:request_id>/decide"): (1, 0),
    ("POST", V1 + "tranches/<str:tranche_id>/release"): (10, 0),
    ("POST", V1 + "tranches/<str:tranche_id>/retry"): (10, 0),
}
# They ask Stripe for a price, a page or an end, and give nothing whatever the card does. Walked there too.
PRICES: set[Door] = {
    *_posts(
        A,
        "plan/card/",
        "plan/end/",
        "request/seats/",
        "rollout/<str:plan_id>/add/",
        "rollout/tranches/<str:tranche_id>/ask/",
        "rollout/tranches/<str:tranche_id>/change/",
        "seats/purchases/<str:change_id>/undo/",
    ),
    *_posts(
        V1, "orders/<str:order_id>/undo", "quotes", "requests/<str:request_id>/price", "subscription/end", "tranches"
    ),
    *_posts(V1, "tranches/<str:tranche_id>/ask"),
    *_posts(V1, "tranches/<str:tranche_id>", method="PUT"),
}

WHY_NO_SEAT: dict[str, set[Door]] = {
    "It takes a seat, a place in the queue or a person away, or moves a seat from one person to another": {
        *_posts(
            A,
            "people/import/<str:people_import_id>/discard/",
            "seats/<str:seat_id>/reassign/",
            "seats/<str:seat_id>/release/",
            "seats/invitations/<str:invitation_id>/stop-waiting/",
            "seats/invitations/<str:invitation_id>/withdraw/",
            "seats/people/<str:member_id>/pause/",
            "seats/people/<str:member_id>/stop-waiting/",
            "settings/people/<str:member_id>/remove/",
            "settings/people/invitations/<str:invitation_id>/withdraw/",
        ),
        *_posts(
            V1,
            "assignments/<str:assignment_id>/reassign",
            "bulk/move-to-regions",
            "invitations/<str:invitation_id>/revoke",
            "members/<str:member_id>/pause",
        ),
    },
    "It brings a person in, or says more of one, and the seat is another act": {
        *_posts(
            A,
            "people/import/",
            "seats/invitations/<str:invitation_id>/resend/",
            "settings/joining/<str:join_id>/approve/",
            "settings/joining/<str:join_id>/refuse/",
            "settings/people/<str:member_id>/details/",
            "settings/people/<str:member_id>/role/",
            "settings/people/invitations/<str:invitation_id>/resend/",
            "settings/people/invite/",
        ),
        *_posts(V1, "invitations", "invitations/<str:invitation_id>/resend", "join-requests/<str:join_id>/decide"),
        *_posts(V1, "members/<str:member_id>", method="PATCH"),
    },
    "It asks somebody else, who has a door of their own, or stops what was asked": {
        *_posts(
            A,
            "plan/offer/<str:offer_id>/withdraw/",
            "request/",
            "rollout/tranches/<str:tranche_id>/cancel/",
            "seats/pay/ask/",
            "seats/purchases/<str:change_id>/stop/",
        ),
        *_posts(
            V1,
            "offer-requests/<str:offer_id>/withdraw",
            "orders/<str:order_id>/cancel",
            "requests",
            "tranches/<str:tranche_id>/cancel",
        ),
    },
    "It plans or sets rules, below the limit that there is": {
        *_posts(
            A,
            "rollout/<str:plan_id>/change/",
            "rollout/<str:plan_id>/end/",
            "rollout/new/",
            "seats/reduce/",
            "settings/limit/",
            "settings/limit/regions/",
            "settings/structure/<str:kind>/<str:place_id>/",
            "settings/structure/<str:kind>/<str:place_id>/delete/",
        ),
        *_posts(V1, "departments", "regions", "rollouts", "rollouts/<str:rollout_id>/end"),
        *_posts(V1, "regions/<str:region_id>", method="PATCH"),
        *_posts(
            V1,
            "departments/<str:department_id>/budget",
            "policy",
            "rollouts/<str:rollout_id>",
            "seats/regions",
            "subscription/reduction",
            method="PUT",
        ),
    },
    "It rings for a job that buys for joiners, which has tests of its own": {
        *_posts(A, "settings/spending/joiners/"),
        *_posts(V1, "policy/spending/retry-joiners"),
    },
    "It is about keys, sign-in, hooks, mails, columns or usage": {
        *_posts(
            A,
            "me/mails/",
            "me/nudges/",
            "seats/columns/",
            "seats/views/",
            "seats/views/<str:view_id>/delete/",
            "settings/api-keys/<str:key_id>/revoke/",
            "settings/directories/<str:connection_id>/disconnect/",
            "settings/directories/<str:connection_id>/rotate/",
            "settings/directories/new/",
            "settings/sign-in/connections/<str:sso_id>/delete/",
            "settings/sign-in/domains/<str:domain_id>/check/",
            "settings/sign-in/domains/<str:domain_id>/remove/",
            "settings/webhooks/<str:endpoint_id>/delete/",
            "settings/webhooks/<str:endpoint_id>/deliveries/<str:delivery_id>/replay/",
            "settings/webhooks/<str:endpoint_id>/secret/",
            "settings/webhooks/<str:endpoint_id>/switch/",
            "settings/webhooks/<str:endpoint_id>/test/",
            "usage/imports/<str:import_id>/resume/",
            "usage/sharing/<str:case_id>/close/",
            "usage/value/end/",
            "usage/value/goals/<str:goal_id>/remove/",
        ),
        *_posts(
            V1,
            "api-keys",
            "api-keys/<str:key_id>/revoke",
            "api-keys/<str:key_id>/rotate",
            "domains/<str:domain_id>/check",
            "seat-views",
            "value/plan/end",
            "webhook-endpoints/<str:endpoint_id>/deliveries/<str:delivery_id>/replay",
            "webhook-endpoints/<str:endpoint_id>/rotate-secret",
            "webhook-endpoints/<str:endpoint_id>/test",
        ),
        *_posts(V1, "webhook-endpoints/<str:endpoint_id>", method="PATCH"),
    },
}

WHY_STILL: dict[str, set[Door]] = {
    "What it sets says nothing of a seat": {
        *_posts(
            A,
            "feature-requests/",
            "settings/",
            "settings/api-keys/<str:key_id>/rotate/",
            "settings/api-keys/new/",
            "settings/sign-in/",
            "settings/sign-in/connections/<str:sso_id>/change/",
            "settings/sign-in/connections/<str:sso_id>/switch/",
            "settings/sign-in/connections/oidc/",
            "settings/sign-in/connections/saml/",
            "settings/sign-in/domains/new/",
            "settings/spending/allowance/",
            "settings/spending/approvers/",
            "settings/spending/budgets/",
            "settings/structure/<str:kind>/",
            "settings/usage/",
            "settings/webhooks/<str:endpoint_id>/change/",
            "settings/webhooks/<str:endpoint_id>/replay/",
            "settings/webhooks/new/",
            "usage/value/goals/<str:goal_id>/change/",
            "usage/value/goals/<str:goal_id>/value/",
            "usage/value/goals/add/",
            "usage/value/return/save/",
            "usage/value/start/",
        ),
        *_posts(
            V1,
            "domains",
            "feature-requests",
            "sso-connections",
            "sso-connections/<str:sso_id>/disable",
            "sso-connections/<str:sso_id>/enable",
            "value/goals",
            "value/goals/<str:goal_id>/values",
            "value/plan",
            "webhook-endpoints",
            "webhook-endpoints/<str:endpoint_id>/replay",
        ),
        *_posts(V1, "departments/<str:department_id>", method="PATCH"),
        *_posts(
            V1,
            "policy/approvers",
            "policy/sign-in",
            "policy/spending",
            "sso-connections/<str:sso_id>",
            "value/goals/<str:goal_id>",
            method="PUT",
        ),
    },
    "It reads, counts or writes to people": {
        *_posts(A, "usage/imports/", "usage/mentors/<str:member_id>/", "usage/nudges/"),
        *_posts(V1, "entitlements/check", "usage-events", "value/returns"),
    },
    "It only takes seats or a person away, or says who goes when fewer are left": {
        *_posts(A, "leave/", "seats/keep/", "seats/leavers/", "seats/reclaim/"),
        *_posts(V1, "bulk/withdraw-invitations"),
    },
    "It belongs to somebody else than the owner, who is not told that it is there": {
        *_posts(
            A, "me/sharing/<str:case_id>/", "request/<str:request_id>/remind/", "request/<str:request_id>/withdraw/"
        ),
        *_posts(V1, "requests/<str:request_id>/remind", "requests/<str:request_id>/withdraw"),
    },
    "It prepares what another door carries out": {
        *_posts(A, "people/import/<str:people_import_id>/columns/", "plan/offer/"),
        *_posts(V1, "offer-requests", "plan-quotes"),
    },
    "It asks an account without a plan, paused or ending, and seats come with the payment: tests/billing": {
        *_posts(A, "plan/checkout/", "plan/restart/", "plan/restart/pay/", "plan/restart/stop/", "plan/resume/"),
        *_posts(V1, "subscription/resume"),
    },
    "It asks for something under review or held back: test_doors_that_pay.py has it so": {
        *_posts(A, "seats/true-up/<str:true_up_id>/decide/"),
        *_posts(
            V1, "tranches/<str:tranche_id>/ask", "tranches/<str:tranche_id>/release", "tranches/<str:tranche_id>/retry"
        ),
    },
}
NO_SEAT: set[Door] = set().union(*WHY_NO_SEAT.values())
STILL: set[Door] = set().union(*WHY_STILL.values())
# Those that the walk finds by their asking for Stripe.
SPEAKS: set[Door] = (BUYS.keys() | PRICES) - STILL
