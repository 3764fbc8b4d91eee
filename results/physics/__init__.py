"""Physics of liquid, air and vessel: plain functions of SI-like field units, each citing its formula."""
