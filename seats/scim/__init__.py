"""The SCIM 2.0 surface under /scim/v2/: scim2-server's protocol over our people and departments (ADR 36)."""
