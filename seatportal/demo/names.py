"""Invented names for a thousand people, the same on every day. Nobody real is meant."""

import unicodedata

# Given names and family names of the places where a firm of three continents employs people.
_POOLS: dict[str, tuple[tuple[str, str], ...]] = {
    "Europa": (
        (
            "Anke Birgit Carsten Dörte Eberhard Frauke Gerrit Heike Ingo Jutta Konrad Lieselotte Malte Nele Ole",
            "Ahlers Brinkmann Clasen Dierksen Eggers Friedrichs Grotjahn Hinrichs Janßen Kröger Lüders Meinecke Nissen",
        ),
        (
            "Agnieszka Bartosz Dorota Grzegorz Halina Jacek Kinga Lech Małgorzata Olga Paweł Renata Szymon Urszula",
            "Adamiak Bielawski Czarnecka Dudek Gajda Jurek Kubiak Lisowska Małek Orłowski Pająk Rogala Sikora Wrona",
        ),
        (
            "Aurélie Bastien Clémence Didier Estelle Fabrice Gaëlle Hervé Isaline Joël Laurie Maxence Noémie Régis",
            "Aubert Bonnet Chauvin Delmas Escoffier Fournel Gauthier Huguet Jourdan Lacroix Maillard Perrin Rousselet",
        ),
        (
            "Aylin Burak Cansu Deniz Emre Feride Gökhan Hatice İpek Kerem Leyla Mert Nazlı Onur Pınar Selim",
            "Aksoy Bulut Çetin Doğan Erdem Güneş Işık Karaca Öztürk Polat Şahin Tekin Uslu Yavuz",
        ),
        (
            "Alessia Bruno Caterina Davide Elisa Fabio Ginevra Ivano Letizia Marco Nicoletta Ornella Paolo Sabrina",
            "Amadei Bertolini Caruso Donati Fabbri Galli Lombardi Marchesi Negri Orlando Pagani Ruggeri Serra Vitale",
        ),
    ),
    "Amerika": (
        (
            "Alicia Brandon Courtney Darnell Ebony Franklin Gloria Harvey Janelle Kyle Latoya Marcus Naomi Preston",
            "Abernathy Barlow Crenshaw Dawkins Ellison Finch Goodwin Hollis Keller Langford Mercer Norwood Pickett",
        ),
        (
            "Adriana Benicio Catarina Danilo Eduarda Flávio Giovana Henrique Isadora Jonas Larissa Murilo Natália",
            "Araújo Barcellos Cardoso Dantas Evangelista Furtado Guedes Lacerda Moura Nogueira Peixoto Queiroz",
        ),
        (
            "Abril Bruno Camila Damián Esteban Fátima Gael Itzel Joel Karina Leonel Mariana Nahuel Ofelia",
            "Aguirre Bustos Cárdenas Durán Escobar Fuentes Godoy Hinojosa Ibarra Jáuregui Lozano Montiel Nájera Olvera",
        ),
    ),
    "Asien-Pazifik": (
        (
            "Aditi Bhavesh Chitra Deepak Esha Gaurav Hema Ishaan Jyoti Kiran Lakshmi Manoj Nisha Omkar Pooja Rohan",
            "Acharya Bhatt Chopra Desai Gokhale Iyer Joshi Kulkarni Mehta Nambiar Pillai Rao Saxena Trivedi",
        ),
        (
            "Aiko Botan Chihiro Daiki Emi Fumio Hiroko Itsuki Kaori Makoto Natsumi Ryota Sayaka Takumi",
            "Arakawa Endo Fujisawa Hamada Ishikawa Kawano Maruyama Nishida Okabe Sakamoto Takagi Uchida Yoshino",
        ),
        (
            "Bao Chi Dung Giang Hanh Khanh Lan Minh Ngoc Phuong Quynh Son Trang Vinh",
            "Bui Dang Dinh Doan Huynh Lam Luong Mai Ngo Phan Quach Tran Truong Vo",
        ),
        (
            "Anahera Bodhi Charlotte Declan Evie Finlay Harriet Jarrah Kirra Lachlan Matilda Nikau Ruby Tane",
            "Armitage Burnside Cartwright Dempsey Fairbairn Galloway Henare Kereama Lockyer McIntosh Paewai Rutherford",
        ),
    ),
}

_LATIN = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ı": "i", "ø": "o", "Ø": "O", "đ": "d", "ð": "d", "æ": "ae"})


class Namer:
    """Gives names, each once."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def name(self, region: str) -> str:
        """The next name of a region, whose places take turns; Europe's first place, the firm's own, has every third."""
        turn = self._given.get(region, 0)
        self._given[region] = turn + 1
        pools = _POOLS[region]
        if region == "Europa":
            rest = turn - turn // 3 - 1
            place, number = (0, turn // 3) if turn % 3 == 0 else (1 + rest % 4, rest // 4)
        else:
            place, number = turn % len(pools), turn // len(pools)
        given, family = (names.split() for names in pools[place])
        # Each round gives every given name the next family name, so that a pair comes once.
        first, round_ = number % len(given), number // len(given)
        return f"{given[first]} {family[(first * 5 + round_) % len(family)]}"


def address(name: str, domain: str) -> str:
    """An e-mail address from a name, in plain ASCII: `ines.carrasco@valdeluz.example`."""
    plain = unicodedata.normalize("NFKD", name.translate(_LATIN)).encode("ascii", "ignore").decode().lower()
    first, _, rest = plain.partition(" ")
    return f"{first}.{''.join(c for c in rest if c.isalnum() or c == '-')}@{domain}"
