// The Azure side of what the policy checks in the cluster: an AKS cluster whose users sign in with Entra only, whose pods
// use workload identity and cannot reach the metadata endpoint, and the Azure Policy assignments that keep it so.
//
//   az deployment group create --resource-group GROUP --template-file main.bicep \
//     --parameters name=CLUSTER adminGroupObjectIds='["0f8fad5b-d9cb-469f-a165-70867728950e"]'
targetScope = 'resourceGroup'

@description('Name of the cluster.')
@minLength(1)
@maxLength(63)
param name string

@description('Region of the cluster.')
param location string = resourceGroup().location

@description('Object ids of the Entra groups whose members administer the cluster. The same as clusterAdmins in the settings of the policy.')
@minLength(1)
param adminGroupObjectIds string[]

@description('Version of Kubernetes: empty for the default of the region.')
param kubernetesVersion string = ''

@description('Size of the nodes in the system pool.')
param nodeSize string = 'Standard_D4ds_v5'

@description('Number of nodes in the system pool. Three let a policy server of three replicas spread.')
@minValue(1)
param nodeCount int = 3

@description('Keep pods that are not on the host network from the metadata endpoint, and so from the identities of their node. Preview: it needs the feature Microsoft.ContainerService/IMDSRestrictionPreview, and excludes Windows pools and some add-ons, among them the one of Azure Policy.')
param restrictMetadataEndpoint bool = false

@description('Effect of the assignment about local accounts. Start with Audit where clusters exist already.')
@allowed(['Audit', 'Deny', 'Disabled'])
param localAccountsEffect string = 'Deny'

@description('Workspace that receives the audit log, for the queries in deploy/observability: empty for none.')
param workspaceId string = ''

resource cluster 'Microsoft.ContainerService/managedClusters@2025-07-02-preview' = {
  name: name
  location: location
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    dnsPrefix: name
    kubernetesVersion: empty(kubernetesVersion) ? null : kubernetesVersion
    // Certificates of local accounts bypass Entra sign-in: requester-local-account, binding-local-account.
    disableLocalAccounts: true
    enableRBAC: true
    aadProfile: {
      managed: true
      enableAzureRBAC: false
      adminGroupObjectIDs: adminGroupObjectIds
      tenantID: tenant().tenantId
    }
    // Federation of service accounts with managed identities: the rules workload-identity-*.
    oidcIssuerProfile: {
      enabled: true
    }
    securityProfile: {
      workloadIdentity: {
        enabled: true
      }
    }
    // Without this, every pod can use the identities of its node: the rules node-identity-*.
    networkProfile: {
      networkPlugin: 'azure'
      networkPluginMode: 'overlay'
      podLinkLocalAccess: restrictMetadataEndpoint ? 'None' : 'IMDS'
    }
    agentPoolProfiles: [
      {
        name: 'system'
        mode: 'System'
        osType: 'Linux'
        vmSize: nodeSize
        count: nodeCount
      }
    ]
  }
}

resource auditLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(workspaceId)) {
  name: 'entra-auth-audit'
  scope: cluster
  properties: {
    workspaceId: workspaceId
    // Resource-specific tables: AKSAuditAdmin.
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      {
        category: 'kube-audit-admin'
        enabled: true
      }
    ]
  }
}

// Built-in definitions, by the id in Azure/azure-policy: the file is built-in-policies/policyDefinitions/Kubernetes/<source>.
var assignments = [
  {
    definition: '993c2fcd-2b29-49d2-9eb0-df2c3a730c32'
    source: 'AKS_DisableLocalAccounts_Deny.json'
    displayName: 'AKS clusters have local accounts disabled'
    effect: localAccountsEffect
  }
  {
    definition: '450d2877-ebea-41e8-b00c-e286317d21bf'
    source: 'AKS_AAD_Integration_Audit.json'
    displayName: 'AKS clusters are integrated with Microsoft Entra ID'
    effect: 'Audit'
  }
  {
    definition: '2cc2e023-0dac-4046-875b-178f683929d5'
    source: 'AKS_WorkloadIdentity_Audit.json'
    displayName: 'AKS clusters have workload identity enabled'
    effect: 'Audit'
  }
]

resource policyAssignments 'Microsoft.Authorization/policyAssignments@2024-05-01' = [
  for assignment in assignments: {
    name: guid(resourceGroup().id, assignment.definition)
    properties: {
      displayName: assignment.displayName
      description: assignment.source
      policyDefinitionId: tenantResourceId('Microsoft.Authorization/policyDefinitions', assignment.definition)
      parameters: {
        effect: {
          value: assignment.effect
        }
      }
    }
  }
]

@description('The issuer of the tokens of service accounts, for federated credentials.')
output oidcIssuer string = cluster.properties.oidcIssuerProfile.issuerURL
