"""The kit's fixtures, as a plugin's tests get them."""

from botcrm.testing.fixtures import (
    admin,
    chat,
    client,
    clock,
    crm,
    crm_databases,
    crm_settings,
    join,
    make_company,
    make_contact,
    make_deal,
    make_lead,
    manager,
    plugins,
    rep,
)

__all__ = [
    "admin",
    "chat",
    "client",
    "clock",
    "crm",
    "crm_databases",
    "crm_settings",
    "join",
    "make_company",
    "make_contact",
    "make_deal",
    "make_lead",
    "manager",
    "plugins",
    "rep",
]
