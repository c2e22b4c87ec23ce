"""Files of people are read whatever program wrote them, and what cannot be read says why."""

from datetime import date
from typing import Any

import pytest

from seats.errors import ImportRefused
from seats.people.columns import check_mapping, guess_mapping
from seats.people.table import MOST_PEOPLE, read_table, unpack
from seats.people.wanted import Wanted, Wrong, read_wanted


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiters_marks_and_line_ends(delimiter: str, mark: bytes, end: str) -> None:
    lines = ["E-Mail,Name", "", "lena@example.com,Lena Vögel", "bo@example.com", ",", "a@example.com,A"]
    table = read_table(mark + end.join(lines).replace(",", delimiter).encode())
    assert table.head == ["E-Mail", "Name"]
    assert table.rows == [
        (3, ["lena@example.com", "Lena Vögel"]),
        (4, ["bo@example.com", ""]),
        (6, ["a@example.com", "A"]),
    ]
    assert unpack(table.pack()) == table


def test_a_quoted_cell_may_hold_anything() -> None:
    table = read_table(b'email,name\na@example.com,"Vogel, ""L""\nLena"\nb@example.com,\'=1+1')
    assert table.rows == [(2, ["a@example.com", 'Vogel, "L"\nLena']), (4, ["b@example.com", "=1+1"])]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty."),
        (b" \n\n", "The file is empty."),
        (b"email,name", "a head and no people"),
        (b"a@example.com,Lena\nb@example.com,Bo", "must name the columns"),
        (b"email\nJ\xf6rg@example.com", "Line 2 is not UTF-8 text."),
        ("email\na@example.com".encode("utf-16"), "not UTF-8 text"),
        (b"email\na\x00", "not a text file"),
        (b'email,name\na@example.com,"Lena', "Line 2 cannot be read"),
        (b"email\na@example.com,Lena", "Line 2 has 2 cells and the first line 1."),
        (b"email\n" + b"a" * 401, "Line 2 has a cell that is too long."),
        (b"email\n" + b"a@example.com\n" * (MOST_PEOPLE + 1), "5001 people; at most 5000"),
        (b"x" * 5_000_001, "larger than 5 MB"),
        (b"a," * 60 + b"a\n1", "more than 60 columns"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(data: bytes, words: str) -> None:
    with pytest.raises(ImportRefused) as caught:
        read_table(data)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("head", "mapping"),
    [
        (
            "email,name,role,department,region,level,manager,title,employment,ends_on,external_id,seat",
            "email,name,role,department,region,level,manager,title,employment,ends_on,external_id,seat",
        ),
        (
            "E-Mail-Adresse,Name,Rolle,Abteilung,Region,Ebene,Führungskraft,Titel,Anstellung,Vertragsende,Personalnummer,Platz",
            "email,name,role,department,region,level,manager,title,employment,ends_on,external_id,seat",
        ),
        (
            "Correo electrónico,Nombre,Rol,Departamento,Región,Nivel,Responsable,Cargo,Tipo de contrato,"
            "Fin de contrato,Número de empleado,Licencia",
            "email,name,role,department,region,level,manager,title,employment,ends_on,external_id,seat",
        ),
        ("Work email,Team,Shoe size,Department", "email,department,,"),
    ],
)
def test_heads_are_known_in_three_languages(head: str, mapping: str) -> None:
    assert guess_mapping(head.split(",")) == mapping.split(",")


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        (["", "name"], "Choose the column with the e-mail addresses."),
        (["email", "email"], "Two columns are “E-mail address”."),
        (["email"], "Choose for each column"),
        (["email", "password"], "Choose for each column"),
    ],
)
def test_a_mapping_that_cannot_be_used(mapping: list[str], words: str) -> None:
    with pytest.raises(ImportRefused) as caught:
        check_mapping(mapping, columns=2)
    assert words in str(caught.value)


def test_a_row_says_only_what_it_says() -> None:
    cells = {"email": "Lena@Example.com", "name": "", "role": "", "seat": "", "title": "VP"}
    assert read_wanted(cells) == Wanted("lena@example.com", {"title": "VP"}, None)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("role", "Team manager", "team_manager"),
        ("role", "TEAM_MANAGER", "team_manager"),
        ("role", "Mitglied", "member"),
        ("role", "Miembro", "member"),
        ("level", "Individual contributor", "individual"),
        ("level", "Führungskraft", "manager"),
        ("level", "-", ""),
        ("employment", "contractor", "contractor"),
        ("ends_on", "2027-03-31", date(2027, 3, 31)),
        ("ends_on", "31.03.2027", date(2027, 3, 31)),
        ("ends_on", "-", None),
        ("manager", "BO@example.com", "bo@example.com"),
        ("manager", "–", ""),
        ("department", "-", ""),
        ("external_id", "E-7", "E-7"),
    ],
)
def test_cells_are_understood(name: str, text: str, value: Any) -> None:
    assert read_wanted({"email": "lena@example.com", name: text}) == Wanted("lena@example.com", {name: value})


@pytest.mark.parametrize(("text", "seat"), [("yes", True), ("Ja", True), ("Sí", True), ("no", False), ("Nein", False)])
def test_seats_in_three_languages(text: str, seat: bool) -> None:
    assert read_wanted({"email": "lena@example.com", "seat": text}) == Wanted("lena@example.com", {}, seat)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("email", "lena", "whole e-mail address"),
        ("email", "", "whole e-mail address"),
        ("role", "king", "“king” is not known. Write one of: owner, admin"),
        ("role", "-", "is not known"),
        ("level", "9", "Write one of: executive, manager, individual."),
        ("ends_on", "03/04/2027", "Write the day as 2027-03-31 or 31.03.2027."),
        ("ends_on", "0001-01-01", "Write the day as"),
        ("manager", "Bo", "the manager's whole e-mail address"),
        ("manager", "lena@example.com", "Nobody is their own manager."),
        ("seat", "maybe", "Write yes or no."),
        ("title", "x" * 81, "at most 80 characters"),
    ],
)
def test_what_is_wrong_with_a_cell_is_said(name: str, text: str, words: str) -> None:
    found = read_wanted({"email": "lena@example.com", name: text})
    assert isinstance(found, Wrong)
    assert found.field == name
    assert words in found.text
