64
cluster status --name nowhere
