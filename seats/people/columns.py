"""Which column of a file says what. Pure."""

import unicodedata
from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seats.errors import ImportRefused

# What a column may fill, in the order of the sample, in the words of pages.
FIELDS: dict[str, str | Promise] = {
    "email": gettext_lazy("E-mail address"),
    "name": gettext_lazy("Name"),
    "role": gettext_lazy("Role"),
    "department": gettext_lazy("Department"),
    "region": gettext_lazy("Region"),
    "level": gettext_lazy("Level"),
    "manager": gettext_lazy("Manager's e-mail address"),
    "title": gettext_lazy("Title"),
    "employment": gettext_lazy("Employment"),
    "ends_on": gettext_lazy("Contract ends"),
    "external_id": gettext_lazy("Id elsewhere"),
    "seat": gettext_lazy("Seat"),
}
# Heads as spreadsheets and HR systems in three languages write them, in the form of `plain`.
_HEADS: dict[str, tuple[str, ...]] = {
    "email": (
        *("email", "emailaddress", "mail", "workemail", "emailadresse", "epost", "dienstlicheemail"),
        *("correo", "correoelectronico", "direcciondecorreo", "direcciondecorreoelectronico", "emaildetrabajo"),
    ),
    "name": ("name", "fullname", "displayname", "vollername", "anzeigename", "nombre", "nombrecompleto"),
    "role": ("role", "rolle", "rol", "papel"),
    "department": ("department", "team", "costcenter", "abteilung", "bereich", "departamento", "equipo", "area"),
    "region": ("region", "location", "office", "standort", "gebiet", "ubicacion", "oficina"),
    "level": ("level", "ebene", "stufe", "hierarchieebene", "nivel", "nivelorganizativo"),
    "manager": (
        *("manager", "manageremail", "managersemailaddress", "managersemail", "reportsto", "supervisor"),
        *("vorgesetzter", "vorgesetzte", "vorgesetztenemail", "fuhrungskraft", "emailderfuhrungskraft"),
        *("responsable", "jefe", "correodelresponsable", "correodeljefe", "superior"),
    ),
    "title": ("title", "jobtitle", "position", "titel", "stelle", "stellenbezeichnung", "cargo", "puesto"),
    "employment": (
        *("employment", "employmenttype", "type", "contracttype", "anstellung", "beschaftigung"),
        *("anstellungsart", "beschaftigungsart", "empleo", "tipodeempleo", "tipodecontrato", "contratacion"),
    ),
    "ends_on": (
        *("endson", "contractends", "contractend", "enddate", "vertragsende", "vertragendet", "enddatum"),
        *("findecontrato", "elcontratotermina", "fechadefin", "contratotermina"),
    ),
    "external_id": (
        *("externalid", "idelsewhere", "employeeid", "employeenumber", "externeid", "personalnummer"),
        *("idexterno", "idexterna", "numerodeempleado", "idempleado"),
    ),
    "seat": ("seat", "license", "licence", "hasseat", "platz", "lizenz", "licencia", "plaza", "asiento"),
}
_KNOWN = {head: field for field, heads in _HEADS.items() for head in heads}


def plain(text: str) -> str:
    """Small letters and digits only, without accents: "Correo electrónico" and "correo-electronico" are one."""
    apart = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(letter for letter in apart if letter.isalnum())


def guess_mapping(head: Sequence[str]) -> list[str]:
    """For each head the field it names, or empty; the first of two wins."""
    # The field's own name and what the page calls it are understood too.
    words = {plain(text): field for field, label in FIELDS.items() for text in (field, str(label))}
    mapping: list[str] = []
    for name in head:
        field = _KNOWN.get(plain(name)) or words.get(plain(name), "")
        mapping.append(field if field not in mapping else "")
    return mapping


def check_mapping(mapping: Sequence[str], *, columns: int) -> list[str]:
    """The mapping, when it can be used. Raises ImportRefused."""
    if len(mapping) != columns or any(field and field not in FIELDS for field in mapping):
        raise ImportRefused(_("Choose for each column what it says."), field="mapping")
    named = [field for field in mapping if field]
    for field in named:
        if named.count(field) > 1:
            raise ImportRefused(_("Two columns are “%(name)s”. Choose one.") % {"name": FIELDS[field]}, field="mapping")
    if "email" not in named:
        raise ImportRefused(_("Choose the column with the e-mail addresses."), field="mapping")
    return list(mapping)
