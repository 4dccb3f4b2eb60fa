-- None of the second door's purposes reads leads.
REVOKE ALL ON leads FROM agos_system;
