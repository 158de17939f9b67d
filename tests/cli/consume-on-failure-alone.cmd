64
consume jobs --on-failure reject
