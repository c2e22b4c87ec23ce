"""Files of people: one that was imported, with a row that failed, and one that somebody has yet to apply."""

from datetime import datetime

from accounts.access.actor import Actor
from seatportal.demo.firm import Firm
from seats.models import PeopleImport
from seats.people.import_people import add_people_import, apply_people_import, work_people_import
from seats.people.judge import May
from seats.people.table import read_table

SEASON = """\
Name,E-mail,Department,Region,Employment,Contract ends,Seat
Isla Munro,isla.munro@harbourline.example,Warehouse,Europe,contractor,{ends},no
Tobias Wahl,tobias.wahl@harbourline.example,Warehouse,Europe,contractor,{ends},no
Yetunde Bello,yetunde.bello@harbourline.example,Dispatch,Africa,contractor,{ends},no
Owen Price,owen.price(at)harbourline.example,Warehouse,Europe,contractor,{ends},no
"""
FESTIVAL = """\
Name,E-mail,Role,Department,Region,Seat
Jonas Falk,jonas.falk@brightwater.example,member,Growth,Europe,yes
Marisol Vega,marisol.vega@brightwater.example,member,Design,Americas,yes
Tariq Aziz,tariq.aziz@brightwater.example,viewer,Growth,Europe,no
Elif Kaya,elif.kaya@brightwater.example,admin,Leadership,Europe,no
"""


def import_season(firm: Firm, at: datetime, *, ends: str) -> None:
    """Season staff are imported without seats; one address was typed wrong. ends: the day of their contracts."""
    kept = _hand_in(firm, firm.actor, "season-staff.csv", SEASON.format(ends=ends), at)
    apply_people_import(account=firm.account, people_import=kept, may=May(), actor=firm.actor, at=at)
    work_people_import(import_id=kept.pk, at=at)


def hand_in_festival(firm: Firm, key: str, at: datetime) -> None:
    """A file is read and shown; nobody has applied it."""
    _hand_in(firm, firm.actor_of(key), "festival-team.csv", FESTIVAL, at)


def _hand_in(firm: Firm, actor: Actor, file_name: str, text: str, at: datetime) -> PeopleImport:
    table = read_table(text.encode())
    return add_people_import(account=firm.account, file_name=file_name, table=table, actor=actor, at=at)
