pack-company-title = Registration of companies
pack-company-description = A limited liability company is founded: application, check, entry in the register of legal persons.
