// A managed identity for one service account: what workload-identity-client and the other rules expect. Deploy it once for
// each workload, because an identity that workloads share gives each of them the rights of all.
//
//   az deployment group create --resource-group GROUP --template-file workload-identity.bicep \
//     --parameters name=checkout namespace=shop serviceAccount=checkout oidcIssuer=URL
targetScope = 'resourceGroup'

@description('Name of the managed identity.')
param name string

@description('Region of the identity.')
param location string = resourceGroup().location

@description('Namespace of the service account.')
param namespace string

@description('A dedicated service account, not default.')
param serviceAccount string

@description('Output oidcIssuer of main.bicep.')
param oidcIssuer string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
}

resource federation 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = {
  parent: identity
  // A dot and more than 120 characters are not allowed here, and are in names of service accounts.
  name: take(replace('${namespace}-${serviceAccount}', '.', '-'), 120)
  properties: {
    issuer: oidcIssuer
    subject: 'system:serviceaccount:${namespace}:${serviceAccount}'
    audiences: ['api://AzureADTokenExchange']
  }
}

@description('Value of the annotation azure.workload.identity/client-id, and of clientIds in the setting identities.')
output clientId string = identity.properties.clientId

@description('Value of the annotation azure.workload.identity/tenant-id.')
output tenantId string = identity.properties.tenantId
