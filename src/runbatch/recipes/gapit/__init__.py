"""The GAPIT pipeline's `.env` as a batch, and the pre-flight check of its phenotype table.

The tool reaches it by these names alone.
"""

from runbatch.recipes.gapit.dotenv import in_variables, load_dotenv
from runbatch.recipes.gapit.phenotypes import Finding, check_phenotypes, phenotype_table

__all__ = ["Finding", "check_phenotypes", "in_variables", "load_dotenv", "phenotype_table"]
