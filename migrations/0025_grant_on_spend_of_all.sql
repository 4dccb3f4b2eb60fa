-- What all tenants together have spent on a day is a metric of the installation, which has no tenant to ask as.
GRANT EXECUTE ON FUNCTION agos_spent_by_all(date) TO agos_system;
