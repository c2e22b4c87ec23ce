"""Who plays in the demo: invented names and firms, with the real people of the history whose activity is theirs."""

from dataclasses import dataclass
from datetime import date

from seatportal.demo.names import address

# Six firms share it, and their size: each sees how the five others use their seats.
PEERS = "services"


@dataclass(frozen=True)
class Person:
    """One invented person. `real`: whose history is theirs; empty for somebody who never uses the product.

    mailbox: the address before the @, where it is not their name.
    """

    name: str
    title: str
    department: str
    region: str
    real: str = ""
    role: str = "member"
    contractor: bool = False
    alias: str = ""
    mailbox: str = ""

    @property
    def key(self) -> str:
        """How the stories call them: the given name in lower case, unless an alias was given."""
        return self.alias or self.name.split()[0].lower()


@dataclass(frozen=True)
class Cast:
    """One firm and its people, the owner first. monday: the week of the real history that is its today."""

    name: str
    domain: str
    monday: date
    people: tuple[Person, ...]
    locale: str = "en"
    time_zone: str = "UTC"
    industry: str = ""
    account_manager: str = "Imani Okafor"

    def email(self, person: Person) -> str:
        """Their address at the firm."""
        return f"{person.mailbox}@{self.domain}" if person.mailbox else address(person.name, self.domain)


BRIGHTWATER = Cast(
    name="Brightwater Studio",
    domain="brightwater.example",
    monday=date(2024, 2, 19),
    time_zone="Europe/Lisbon",
    industry=PEERS,
    people=(
        Person("Maya Lindqvist", "Head of studio", "Leadership", "Europe", "u0191", role="owner"),
        Person("Tomás Abreu", "Design lead", "Design", "Europe", "u0382", role="team_manager"),
        Person("Priya Raghavan", "Product designer", "Design", "Asia-Pacific", "u0620"),
        Person("Kwame Boateng", "Motion designer", "Design", "Europe", "u0711"),
        Person("Hanna Virtanen", "Researcher", "Research", "Europe", "u0782"),
        Person("Diego Salazar", "Front-end developer", "Engineering", "Americas", "u0546"),
        Person("Sofie Brandt", "Illustrator", "Design", "Europe", "u0774"),
        Person("Yusuf Demir", "Front-end developer", "Engineering", "Europe", "u0650", contractor=True),
        Person("Noor Haddad", "Researcher", "Research", "Europe", "u0837"),
        Person("Grace Whitfield", "Growth designer", "Growth", "Americas", "u0857"),
        Person("Elif Kaya", "Studio operations", "Leadership", "Europe", role="admin"),
        Person("Marek Nowak", "Bookkeeper", "Finance", "Europe", role="billing"),
        Person("Aroha Ngata", "Client partner", "Growth", "Asia-Pacific", role="viewer"),
        Person("Liam Gallagher-Byrne", "Junior designer", "Design", "Europe"),
        Person("Wen Zhao", "Growth analyst", "Growth", "Asia-Pacific"),
    ),
)

QUILLMARK = Cast(
    name="Quillmark Press",
    domain="quillmark.example",
    monday=date(2023, 10, 23),
    time_zone="America/New_York",
    industry=PEERS,
    people=(
        Person("Rosalind Achebe", "Managing editor", "Editorial", "Americas", "u0382", role="owner"),
        Person("Theo Marchetti", "Editor", "Editorial", "Americas", "u0822"),
        Person("Salma Idrissi", "Editor", "Editorial", "Europe", "u0809"),
        Person("Jun Takeda", "Typesetter", "Production", "Asia-Pacific", "u0812"),
        Person("Beatriz Leal", "Rights manager", "Rights", "Americas", "u0248"),
        Person("Oskar Lund", "Cover designer", "Production", "Europe", "u0782"),
        Person("Nadia Petrova", "Copy editor", "Editorial", "Europe", "u0774"),
        Person("Caleb Whitlock", "Publicist", "Marketing", "Americas", "u0708"),
        Person("Anjali Menon", "Proofreader", "Editorial", "Asia-Pacific", "u0707", contractor=True),
        Person("Fiona Carrick", "Audiobook producer", "Production", "Europe", "u0619"),
        Person("Mateo Quispe", "Publicist", "Marketing", "Americas"),
        Person("Ingrid Solheim", "Translator", "Rights", "Europe"),
        Person("Dalia Roth", "Office manager", "Office", "Americas", role="admin"),
    ),
)

HARBOURLINE = Cast(
    name="Harbourline Logistics",
    domain="harbourline.example",
    monday=date(2022, 4, 18),
    time_zone="Europe/London",
    industry=PEERS,
    people=(
        Person("Callum Reid", "Operations director", "Operations", "Europe", "u0617", role="owner"),
        Person("Amara Nwosu", "Dispatch lead", "Dispatch", "Europe", "u0382", role="team_manager"),
        Person("Dispatch Desk", "Desk on the quay", "Dispatch", "Europe", "u0449", alias="desk", mailbox="shared"),
        Person("Lucía Ferrer", "Planner", "Dispatch", "Europe", "u0549"),
        Person("Ravi Chandran", "Customs specialist", "Customs", "Asia-Pacific", "u0619"),
        Person("Mei Tan", "Customs specialist", "Customs", "Asia-Pacific", "u0294"),
        Person("Gareth Pugh", "Fleet manager", "Fleet", "Europe", "u0601"),
        Person("Zanele Dube", "Fleet analyst", "Fleet", "Africa", "u0398"),
        Person("Henrik Aas", "Warehouse manager", "Warehouse", "Europe", "u0546"),
        Person("Olena Shevchuk", "Warehouse planner", "Warehouse", "Europe", "u0607"),
        Person("Bruno Castellani", "Account manager", "Sales", "Europe", "u0014"),
        Person("Keira Donnelly", "Account manager", "Sales", "Europe", "u0164"),
        Person("Tilda Moen", "Account manager", "Sales", "Europe"),
    ),
)

SAFFRON = Cast(
    name="Saffron & Pine",
    domain="saffronpine.example",
    monday=date(2023, 11, 6),
    time_zone="Europe/Dublin",
    industry=PEERS,
    people=(
        Person("Aoife Brennan", "Founder", "Leadership", "Europe", "u0809", role="owner"),
        Person("Farid Karimi", "Chef", "Kitchen", "Europe", "u0812"),
        Person("Chiara Bellini", "Buyer", "Buying", "Europe", "u0053"),
        Person("Stefan Ilić", "Shop manager", "Shops", "Europe", "u0518"),
        Person("Mireille Dubois", "Baker", "Kitchen", "Europe", "u0650"),
    ),
)

FERNHOLLOW = Cast(
    name="Fernhollow Research",
    domain="fernhollow.example",
    monday=date(2024, 2, 12),
    industry="Research",
    people=(Person("Tamsin Okoro", "Founder", "", "", role="owner"),),
)

VALDELUZ = Cast(
    name="Cooperativa Valdeluz",
    domain="valdeluz.example",
    monday=date(2024, 2, 12),
    locale="es",
    time_zone="Europe/Madrid",
    industry="Energía",
    people=(
        Person("Inés Carrasco", "Directora general", "Dirección", "España", "u0191", role="owner"),
        Person("Álvaro Rentería", "Jefe de planta", "Planta", "España", "u0382", role="team_manager"),
        Person("Pilar Otxoa", "Ingeniera", "Ingeniería", "España", "u0857"),
        Person("Joaquín Baeza", "Ingeniero", "Ingeniería", "España", "u0812"),
        Person("Rocío Almagro", "Atención al socio", "Socios", "España", "u0546"),
        Person("Martín Etxebarria", "Técnico", "Planta", "España", "u0751"),
        Person("Consuelo Vidal", "Administración", "Dirección", "España", "u0822"),
        Person("Nerea Sanz", "Comunicación", "Socios", "España", "u0809"),
        Person("Gonzalo Pardo", "Compras", "Dirección", "España", "u0785"),
    ),
)

MIZUHARA = Cast(
    name="Mizuhara Craft",
    domain="mizuhara.example",
    monday=date(2022, 10, 31),
    time_zone="Asia/Tokyo",
    industry=PEERS,
    people=(
        Person("Haruka Mizuhara", "Director", "Atelier", "Japan", "u0001", role="owner"),
        Person("Kenji Oda", "Workshop lead", "Atelier", "Japan", "u0577"),
        Person("Ayumi Shirai", "Shop manager", "Shop", "Japan", "u0697"),
        Person("Daichi Murase", "Designer", "Atelier", "Japan", "u0707"),
        Person("Rin Hoshino", "Photographer", "Shop", "Japan", "u0624"),
    ),
)

TIDEWELL = Cast(
    name="Tidewell Clinics",
    domain="tidewell.example",
    monday=date(2022, 10, 31),
    time_zone="America/Chicago",
    industry=PEERS,
    people=(
        Person("Ngozi Adeyemi", "Practice director", "Administration", "Americas", "u0191", role="owner"),
        Person("Samuel Ortega", "Scheduler", "Front desk", "Americas", "u0549"),
        Person("Leah Feldman", "Nurse lead", "Care", "Americas", "u0014"),
        Person("Thanh Pham", "Physiotherapist", "Care", "Americas", "u0164"),
        Person("Jasper Cole", "Physiotherapist", "Care", "Americas", "u0712"),
        Person("Imogen Hart", "Scheduler", "Front desk", "Americas", "u0620"),
        Person("Rashid Malik", "Billing specialist", "Administration", "Americas", "u0653"),
        Person("Camila Duarte", "Nurse", "Care", "Americas", "u0449"),
    ),
)

NORTHFEN = Cast(
    name="Northfen Council",
    domain="northfen.example",
    monday=date(2022, 10, 31),
    time_zone="Europe/London",
    industry="public",
    people=(
        Person("Winifred Astley", "Head of digital services", "Digital", "Europe", "u0191", role="owner"),
        Person("Jerome Adeleke", "Planning officer", "Planning", "Europe", "u0549"),
        Person("Moira Kinsella", "Planning officer", "Planning", "Europe", "u0014"),
        Person("Sanjay Thakur", "Permits clerk", "Permits", "Europe", "u0164"),
        Person("Elspeth Rowan", "Permits clerk", "Permits", "Europe", "u0712"),
        Person("Dimitri Vasilakis", "Treasurer", "Finance", "Europe", role="billing"),
    ),
)
