// SPDX-License-Identifier: GPL-3.0-or-later
// What `cmake --install` leaves, as a desktop and a user meet it.
#include <QDir>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QSettings>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QXmlStreamReader>
#include <QtTest>

namespace {

const QString kApplication = "io.github.secateur.Secateur";
const QString kSessionType = "application/x-secateur-session";
constexpr int kPatience = 120'000; ///< ms

QString contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

/// Texts of all elements of this name; with an attribute's name, the values of that attribute.
QStringList elementsOf(const QString &path, const QString &element, const QString &attribute = {})
{
    const QString content = contentOf(path);
    QXmlStreamReader xml(content);
    QStringList found;
    while (!xml.atEnd())
        if (xml.readNext() == QXmlStreamReader::StartElement && xml.name() == element)
            found << (attribute.isEmpty() ? xml.readElementText() : xml.attributes().value(attribute).toString());
    return xml.hasError() ? QStringList("not XML: " + xml.errorString()) : found;
}

} // namespace

class tst_Installation : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void everythingIsInItsPlace_data();
    void everythingIsInItsPlace();
    void commandLineRunsFromThere();
    void windowOpensTheSampleFromThere();
    void oneNameStandsForTheApplication();
    void sessionsBelongToTheWindow();
    void desktopsAccept_data();
    void desktopsAccept();

private:
    QString installed(const QString &path) const { return m_prefix.filePath(path); }
    /// Runs a program to its end; returns what it said when it failed.
    QString complaint(const QString &program, const QStringList &arguments) const;

    QTemporaryDir m_prefix, m_state;
};

QString tst_Installation::complaint(const QString &program, const QStringList &arguments) const
{
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(program, arguments);
    if (!process.waitForFinished(kPatience))
        return process.errorString();
    const QString said = process.readAll();
    return process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0 ? QString() : "it failed: " + said;
}

void tst_Installation::initTestCase()
{
    QTest::failOnWarning(QRegularExpression(".*"));
    QVERIFY(m_prefix.isValid() && m_state.isValid());
    QCOMPARE(complaint(SECATEUR_CMAKE, {"--install", SECATEUR_BUILD_DIR, "--prefix", m_prefix.path(), "--strip"}), QString());
}

void tst_Installation::everythingIsInItsPlace_data()
{
    QTest::addColumn<QString>("path");
    for (const char *path :
         {"bin/secateur", "bin/secateur-cli", "share/applications/io.github.secateur.Secateur.desktop",
          "share/metainfo/io.github.secateur.Secateur.metainfo.xml", "share/mime/packages/io.github.secateur.Secateur.xml",
          "share/icons/hicolor/scalable/apps/io.github.secateur.Secateur.svg", "share/secateur/sample/model/model.safetensors",
          "share/secateur/sample/text/grimm.txt", "share/secateur/sample/text/oz.txt", "share/secateur/pruning_manifest.schema.json",
          "share/secateur/guide/start.html", "share/secateur/guide/words.html", "share/secateur/lessons/lesson.html",
          "share/secateur/recordings/README.md", "share/doc/secateur/LICENSE"})
        QTest::newRow(path) << path;
}

void tst_Installation::everythingIsInItsPlace()
{
    QFETCH(QString, path);
    const QFileInfo file(installed(path));
    QVERIFY(file.isFile() && file.size() > 0);
    QCOMPARE(file.isExecutable(), path.startsWith("bin/"));
}

void tst_Installation::commandLineRunsFromThere()
{
    QCOMPARE(complaint(installed("bin/secateur-cli"), {"inspect", installed("share/secateur/sample/model")}), QString());
}

void tst_Installation::windowOpensTheSampleFromThere()
{
    QProcess window;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("XDG_DATA_HOME", m_state.path());
    window.setProcessEnvironment(environment);
    window.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    window.start(installed("bin/secateur"), {"--sample"});
    QVERIFY(window.waitForStarted(kPatience));
    // It notes what it has opened.
    const auto opened = [this] {
        return QSettings(m_state.filePath("secateur/settings.ini"), QSettings::IniFormat).value("recent/opened").toStringList();
    };
    QTRY_VERIFY_WITH_TIMEOUT(!opened().isEmpty() || window.state() != QProcess::Running, kPatience);
    QCOMPARE(opened(), QStringList(QDir(installed("share/secateur/sample/model")).canonicalPath()));
    QCOMPARE(window.state(), QProcess::Running);
    window.terminate();
    if (!window.waitForFinished(kPatience))
        window.kill();
}

void tst_Installation::oneNameStandsForTheApplication()
{
    // What a running window calls itself leads desktops to its entry, and the entry to the icon.
    QVERIFY(contentOf(SECATEUR_SOURCE_DIR "/app/window/main.cpp").contains("setDesktopFileName(QStringLiteral(\"" + kApplication + "\"))"));
    const QString entry = contentOf(installed("share/applications/" + kApplication + ".desktop"));
    QVERIFY(entry.contains("\nIcon=" + kApplication + '\n'));
    const QString metainfo = installed("share/metainfo/" + kApplication + ".metainfo.xml");
    QCOMPARE(elementsOf(metainfo, "id"), QStringList(kApplication));
    QCOMPARE(elementsOf(metainfo, "launchable"), QStringList(kApplication + ".desktop"));
    for (const QString &program : elementsOf(metainfo, "binary"))
        QVERIFY2(QFile::exists(installed("bin/" + program)), qPrintable(program));
}

void tst_Installation::sessionsBelongToTheWindow()
{
    const QString types = installed("share/mime/packages/" + kApplication + ".xml");
    QCOMPARE(elementsOf(types, "mime-type", "type"), QStringList(kSessionType));
    QCOMPARE(elementsOf(types, "glob", "pattern"), QStringList("*.secateur"));
    const QString entry = contentOf(installed("share/applications/" + kApplication + ".desktop"));
    QVERIFY(entry.contains("\nMimeType=" + kSessionType + ";\n"));
    QVERIFY(entry.contains("\nExec=secateur %f\n"));
    QCOMPARE(elementsOf(installed("share/metainfo/" + kApplication + ".metainfo.xml"), "mediatype"), QStringList(kSessionType));
}

void tst_Installation::desktopsAccept_data()
{
    QTest::addColumn<QStringList>("command");
    const QString name = "/" + kApplication;
    QTest::newRow("entry") << QStringList{"desktop-file-validate", installed("share/applications" + name + ".desktop")};
    QTest::newRow("metainfo") << QStringList{"appstreamcli", "validate", "--no-net", installed("share/metainfo" + name + ".metainfo.xml")};
    QTest::newRow("type") << QStringList{"update-mime-database", installed("share/mime")};
}

void tst_Installation::desktopsAccept()
{
    QFETCH(QStringList, command);
    const QString program = QStandardPaths::findExecutable(command.takeFirst());
    if (program.isEmpty())
        QSKIP("The program that checks this is not installed.");
    QCOMPARE(complaint(program, command), QString());
}

QTEST_GUILESS_MAIN(tst_Installation)
#include "tst_Installation.moc"
