"""Makes the staff site Django's default admin site. A file of its own, as apps load before models do."""

from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    """Django admin with our site."""

    default_site = "seatportal.staff.StaffSite"
