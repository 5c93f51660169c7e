import type { Rule } from "./rule";
import { aHostStandsOffTheProtectedSite } from "./rules/aHostStandsOffTheProtectedSite";
import { activeActiveNeedsConsent } from "./rules/activeActiveNeedsConsent";
import { adoptsNoVolumeBeforeEpoxy } from "./rules/adoptsNoVolumeBeforeEpoxy";
import { backendHasOneReplicationDevice } from "./rules/backendHasOneReplicationDevice";
import { backendIdIsAClusterName } from "./rules/backendIdIsAClusterName";
import { backendIdsAreUnique } from "./rules/backendIdsAreUnique";
import { backendIsProtected } from "./rules/backendIsProtected";
import { backendKeepsItsServiceName } from "./rules/backendKeepsItsServiceName";
import { backendsOfTypesAreKnown } from "./rules/backendsOfTypesAreKnown";
import { cephCapsAreProfiles } from "./rules/cephCapsAreProfiles";
import { cephUserIsNotAdmin } from "./rules/cephUserIsNotAdmin";
import { cephUsersAreSet } from "./rules/cephUsersAreSet";
import { cinderConfBelongsToRoot } from "./rules/cinderConfBelongsToRoot";
import { cinderConfIsNotCopiedInPlace } from "./rules/cinderConfIsNotCopiedInPlace";
import { cinderConfIsNotReadableByAll } from "./rules/cinderConfIsNotReadableByAll";
import { cloneDepthIsPositive } from "./rules/cloneDepthIsPositive";
import { commandOutputIsNotLogged } from "./rules/commandOutputIsNotLogged";
import { commandPluginChecksHostKeys } from "./rules/commandPluginChecksHostKeys";
import { commandShowsNoSecret } from "./rules/commandShowsNoSecret";
import { confFileHasOneWriter } from "./rules/confFileHasOneWriter";
import { connectTimeoutsAreShort } from "./rules/connectTimeoutsAreShort";
import { consentIsShown } from "./rules/consentIsShown";
import { deviceUserIsTheBackendsBeforeTrain } from "./rules/deviceUserIsTheBackendsBeforeTrain";
import { exemptionIsInForce } from "./rules/exemptionIsInForce";
import { exemptionIsListed } from "./rules/exemptionIsListed";
import { exemptionNamesAResource } from "./rules/exemptionNamesAResource";
import { failoverIsNoResource } from "./rules/failoverIsNoResource";
import { groupTypesDoNotReplicate } from "./rules/groupTypesDoNotReplicate";
import { hostKeyCanBeChecked } from "./rules/hostKeyCanBeChecked";
import { hostKeyIsPinned } from "./rules/hostKeyIsPinned";
import { hostSaysItsSite } from "./rules/hostSaysItsSite";
import { hostSkipsNoCheck } from "./rules/hostSkipsNoCheck";
import { hostsOfABackendAgree } from "./rules/hostsOfABackendAgree";
import { imagesAreMirroredByJournal } from "./rules/imagesAreMirroredByJournal";
import { journalingHasExclusiveLock } from "./rules/journalingHasExclusiveLock";
import { keyringPathIsNotGivenOut } from "./rules/keyringPathIsNotGivenOut";
import { keyringIsNamedForItsCluster } from "./rules/keyringIsNamedForItsCluster";
import { libvirtSecretsAreSetAndDiffer } from "./rules/libvirtSecretsAreSetAndDiffer";
import { loginIsNotRoot } from "./rules/loginIsNotRoot";
import { loginUsesAKey } from "./rules/loginUsesAKey";
import { mirroringGoesBothWays } from "./rules/mirroringGoesBothWays";
import { openstackIsReachedOverTls } from "./rules/openstackIsReachedOverTls";
import { otherTypesAvoidTheReplicatedBackend } from "./rules/otherTypesAvoidTheReplicatedBackend";
import { otherTypesSayTheyDoNotReplicate } from "./rules/otherTypesSayTheyDoNotReplicate";
import { poolHasTheSameNameOnBothSites } from "./rules/poolHasTheSameNameOnBothSites";
import { poolMirrorsImageByImage } from "./rules/poolMirrorsImageByImage";
import { replicatedBackendIsEnabled } from "./rules/replicatedBackendIsEnabled";
import { replicatedTypeAsksOnlyWhatRbdReports } from "./rules/replicatedTypeAsksOnlyWhatRbdReports";
import { replicatedTypeFindsItsBackend } from "./rules/replicatedTypeFindsItsBackend";
import { replicatedTypeHasNoMultiattach } from "./rules/replicatedTypeHasNoMultiattach";
import { replicatedTypeHasNoQosAtTheBackEnd } from "./rules/replicatedTypeHasNoQosAtTheBackEnd";
import { replicatedTypeIsNotEncrypted } from "./rules/replicatedTypeIsNotEncrypted";
import { replicatedTypeNamesItsBackend } from "./rules/replicatedTypeNamesItsBackend";
import { replicationDeviceHasNoPool } from "./rules/replicationDeviceHasNoPool";
import { replicationDeviceNamesKnownKeysOnly } from "./rules/replicationDeviceNamesKnownKeysOnly";
import { replicationDeviceReadsAsWritten } from "./rules/replicationDeviceReadsAsWritten";
import { replicationDeviceStandsInItsBackend } from "./rules/replicationDeviceStandsInItsBackend";
import { retypesNothingBeforeVictoria } from "./rules/retypesNothingBeforeVictoria";
import { rolloutStartsWithACanary } from "./rules/rolloutStartsWithACanary";
import { secretInputsAreKnown } from "./rules/secretInputsAreKnown";
import { serviceIsRestartedNotReloaded } from "./rules/serviceIsRestartedNotReloaded";
import { serviceTokensAreSent } from "./rules/serviceTokensAreSent";
import { stdinWithASecretIsEncrypted } from "./rules/stdinWithASecretIsEncrypted";
import { sudoIsNarrow } from "./rules/sudoIsNarrow";
import { targetIsAnotherCluster } from "./rules/targetIsAnotherCluster";
import { twoSitesAreTwoClusters } from "./rules/twoSitesAreTwoClusters";
import { valuesAreKnown } from "./rules/valuesAreKnown";
import { valuesAreOneLine } from "./rules/valuesAreOneLine";
import { volumeFromImageHasAMirroredSource } from "./rules/volumeFromImageHasAMirroredSource";
import { volumeTypeAsksWithTheBareKey } from "./rules/volumeTypeAsksWithTheBareKey";
import { volumeTypeHidesNoChange } from "./rules/volumeTypeHidesNoChange";
import { volumeTypeIsProtected } from "./rules/volumeTypeIsProtected";
import { volumeTypeSaysWhetherItIsPublic } from "./rules/volumeTypeSaysWhetherItIsPublic";
import { volumeTypeSpellsReplicationExactly } from "./rules/volumeTypeSpellsReplicationExactly";

/** The pack: every rule in the order of the documentation. */
export const rules: readonly Rule[] = [
    exemptionIsListed,
    exemptionIsInForce,
    secretInputsAreKnown,
    volumeTypeSpellsReplicationExactly,
    volumeTypeAsksWithTheBareKey,
    replicatedTypeNamesItsBackend,
    volumeTypeSaysWhetherItIsPublic,
    replicatedTypeHasNoMultiattach,
    replicatedTypeIsNotEncrypted,
    replicatedTypeAsksOnlyWhatRbdReports,
    groupTypesDoNotReplicate,
    replicatedTypeHasNoQosAtTheBackEnd,
    volumeTypeIsProtected,
    volumeTypeHidesNoChange,
    volumeFromImageHasAMirroredSource,
    backendHasOneReplicationDevice,
    replicationDeviceReadsAsWritten,
    replicationDeviceNamesKnownKeysOnly,
    replicationDeviceHasNoPool,
    poolHasTheSameNameOnBothSites,
    backendIdIsAClusterName,
    targetIsAnotherCluster,
    libvirtSecretsAreSetAndDiffer,
    cephUsersAreSet,
    cephUserIsNotAdmin,
    connectTimeoutsAreShort,
    cloneDepthIsPositive,
    keyringPathIsNotGivenOut,
    replicationDeviceStandsInItsBackend,
    replicatedBackendIsEnabled,
    backendKeepsItsServiceName,
    activeActiveNeedsConsent,
    imagesAreMirroredByJournal,
    poolMirrorsImageByImage,
    mirroringGoesBothWays,
    journalingHasExclusiveLock,
    failoverIsNoResource,
    serviceIsRestartedNotReloaded,
    adoptsNoVolumeBeforeEpoxy,
    retypesNothingBeforeVictoria,
    deviceUserIsTheBackendsBeforeTrain,
    cinderConfIsNotCopiedInPlace,
    cinderConfIsNotReadableByAll,
    cinderConfBelongsToRoot,
    cephCapsAreProfiles,
    sudoIsNarrow,
    hostKeyIsPinned,
    hostKeyCanBeChecked,
    loginIsNotRoot,
    loginUsesAKey,
    commandShowsNoSecret,
    stdinWithASecretIsEncrypted,
    commandOutputIsNotLogged,
    commandPluginChecksHostKeys,
    openstackIsReachedOverTls,
    serviceTokensAreSent,
    valuesAreOneLine,
    rolloutStartsWithACanary,
    hostSkipsNoCheck,
    consentIsShown,
    hostSaysItsSite,
    replicatedTypeFindsItsBackend,
    otherTypesAvoidTheReplicatedBackend,
    otherTypesSayTheyDoNotReplicate,
    hostsOfABackendAgree,
    keyringIsNamedForItsCluster,
    confFileHasOneWriter,
    backendIdsAreUnique,
    twoSitesAreTwoClusters,
    aHostStandsOffTheProtectedSite,
    backendIsProtected,
    valuesAreKnown,
    backendsOfTypesAreKnown,
    exemptionNamesAResource,
];
