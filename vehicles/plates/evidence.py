"""How likely a plate is of a country before its text is looked at."""

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache

from vehicles.plates.countries import find_country
from vehicles.plates.families import EUROPEAN_COUNTRIES
from vehicles.plates.provinces import PROVINCES

_VEHICLES_MILLIONS = {
    "AR": 23, "AT": 7, "BE": 8, "BG": 4, "BR": 110, "CH": 6, "CN": 400, "CY": 0.8, "CZ": 8,
    "DE": 60, "DK": 4, "EE": 1, "ES": 35, "FI": 5, "FR": 45, "GB": 40, "GR": 8, "HR": 2, "HU": 5,
    "ID": 150, "IE": 3, "IN": 330, "IS": 0.4, "IT": 50, "JP": 82, "KH": 6, "LA": 2.5, "LT": 2,
    "LU": 0.5, "LV": 1, "MM": 8, "MT": 0.4, "MY": 36, "NL": 12, "NO": 5, "PH": 14, "PL": 30,
    "PT": 7, "RO": 10, "RS": 2.5, "SE": 6, "SG": 1, "SI": 2, "SK": 3, "TH": 44, "TR": 28, "UA": 12,
    "US": 280, "VN": 75,
}  # fmt: skip
"""How likely a plate is of a country when nothing else is known.

Source: WHO, Global status report on road safety 2023, registered vehicles, rounded.
"""

_ELSEWHERE_MILLIONS = 300
"""The same for plates that no family here describes."""

_HINTED_SHARE = 0.95
"""How many plates are of the country where the camera stands."""

_WORLD_MILLIONS = sum(_VEHICLES_MILLIONS.values()) + _ELSEWHERE_MILLIONS
_SHARES = {country: count / _WORLD_MILLIONS for country, count in _VEHICLES_MILLIONS.items()}

_MOST_SURE = 0.98
"""A reader is not believed to be surer of a region than this."""

_ELSEWHERE_SHARE = _ELSEWHERE_MILLIONS / _WORLD_MILLIONS

Regions = Mapping[str, float]
"""Probabilities, 0 to 1, by the label that a reader gives a region: a province of Thailand, a
country or `EU`. What is missing to 1 tells nothing."""


def country_weights(hint: str | None, regions: Regions) -> Mapping[str, float]:
    """Weigh the countries by where the camera stands and what the reader makes of the plate's look.

    Both are taken for independent witnesses who either know, with their probability, or tell
    nothing: a witness who knows a region with probability p weighs its countries, which are t of
    the world, by 1 - p + p / t, and the others by 1 - p.

    Args:
        hint: ISO 3166-1 alpha-2.
        regions: As a reader gave them; labels that name no country are left out.

    Returns:
        One weight a country, to be compared with `weight_elsewhere`.

    Source: Bayes' rule.

    >>> weights = country_weights(None, {"US": 0.9})
    >>> max(weights, key=weights.get), country_weights(None, {}) == country_weights("XX", {})
    ('US', True)
    """
    return _country_weights(hint, _rounded(regions))


def weight_elsewhere(hint: str | None, regions: Regions) -> float:
    """Weigh the countries of which no family is known here, which no witness speaks of."""
    by_look = 1 - sum(probability for _, probability in _rounded(regions))
    return _ELSEWHERE_SHARE * by_look * (1 - _HINTED_SHARE if hint in _SHARES else 1)


def _rounded(regions: Regions) -> tuple[tuple[frozenset[str], float], ...]:
    """Add up the labels of the same countries, such as those of Thai provinces."""
    sums: defaultdict[frozenset[str], float] = defaultdict(float)
    for label, probability in regions.items():
        countries = countries_of_region(label)
        if countries:
            sums[countries] += probability
    total = sum(sums.values())
    scale = min(1.0, _MOST_SURE / total) if total else 1.0
    return tuple((countries, round(value * scale, 3)) for countries, value in sums.items())


@lru_cache(maxsize=1024)
def _country_weights(
    hint: str | None, regions: tuple[tuple[frozenset[str], float], ...]
) -> Mapping[str, float]:
    hinted = ((frozenset({hint}), _HINTED_SHARE),) if hint in _SHARES else ()
    by_place, by_look = _factors(hinted), _factors(regions)
    return {
        country: share * by_place[country] * by_look[country] for country, share in _SHARES.items()
    }


def _factors(regions: tuple[tuple[frozenset[str | None], float], ...]) -> dict[str, float]:
    rest = 1 - sum(probability for _, probability in regions)
    factors = dict.fromkeys(_SHARES, rest)
    for countries, probability in regions:
        share = sum(_SHARES[country] for country in _SHARES if country in countries)
        for country in _SHARES:
            if country in countries:
                factors[country] += probability / share
    return factors


@lru_cache(maxsize=256)
def countries_of_region(label: str) -> frozenset[str]:
    """Name the countries that a reader's label stands for; none if it is no region.

    Ours answer codes, and those of fast-plate-ocr's hub English names.

    >>> countries_of_region("United States")
    frozenset({'US'})
    >>> sorted(countries_of_region("TH-50")), "FR" in countries_of_region("EU")
    (['TH'], True)
    >>> countries_of_region("unknown")
    frozenset()
    """
    if label == "EU":
        return EUROPEAN_COUNTRIES
    if any(label in {province.code, province.name_th} for province in PROVINCES):
        return frozenset({"TH"})
    return frozenset({find_country(label)} & _SHARES.keys())
