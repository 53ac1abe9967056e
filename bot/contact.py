"""How residents reach the municipality otherwise: facts of the municipality that texts name. Utrecht is the shipped example."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Contact(BaseModel):
    """The table `[contact]` of the settings. Pages are written as people say them, without https://."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phone: str = Field(default="14 030", min_length=1)
    privacy_page: str = Field(default="utrecht.nl/privacy", min_length=1)
    report_page: str = Field(default="utrecht.nl/melding", min_length=1)
    objection_page: str = Field(default="utrecht.nl/bezwaar", min_length=1)
    complaint_page: str = Field(default="utrecht.nl/klacht", min_length=1)
    woo_page: str = Field(default="utrecht.nl/woo", min_length=1)
    enforcement_page: str = Field(default="utrecht.nl", min_length=1)
    damage_page: str = Field(default="utrecht.nl/schade", min_length=1)

    def as_values(self) -> dict[str, str]:
        """What texts may name."""
        return {
            "telefoon": self.phone,
            "privacy": self.privacy_page,
            "pagina_melding": self.report_page,
            "pagina_bezwaar": self.objection_page,
            "pagina_klacht": self.complaint_page,
            "pagina_woo": self.woo_page,
            "pagina_handhaving": self.enforcement_page,
            "pagina_schade": self.damage_page,
        }
