"""The converter's configuration files: read as the converter reads them, examined, written right."""
